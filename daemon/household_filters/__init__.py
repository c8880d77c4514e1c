"""Fields and values of the filter language. Pure: no I/O, no clock."""
