"""A client of the data plane: the household of ``test``, and the clients of a leak check."""
