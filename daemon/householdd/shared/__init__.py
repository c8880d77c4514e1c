"""Layout of the memory shared by all workers. Pure."""
