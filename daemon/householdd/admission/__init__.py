"""Pure: decides which clients may open a session."""
