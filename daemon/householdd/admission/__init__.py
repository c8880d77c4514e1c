"""Admission of clients to sessions. Pure."""
