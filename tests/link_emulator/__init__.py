"""A line in user space: rate, queue, delay, jitter and loss of each direction, between two network namespaces.

All modules but ``device``, ``runner`` and ``__main__`` are pure: the time is an argument, and packets are IP packets as
bytes. Their size on the link includes Ethernet's header. Random numbers come from generators with a seed.
"""
