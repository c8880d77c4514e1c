"""Every rule of the domain, pure: no event loop, no sockets, and time comes in as an argument.

Times called ``now`` are seconds of a monotonic clock, whose zero means nothing.
"""
