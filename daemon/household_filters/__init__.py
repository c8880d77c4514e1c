"""Fields and values of the filter language. Pure: no I/O, no clock.

The daemon evaluates filters with them; householdctl explains, completes and checks them. The package imports neither.
"""
