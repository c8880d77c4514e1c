"""Pure: the layout of the memory that all workers share."""
