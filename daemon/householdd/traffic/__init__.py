"""Profiles of people, and the shape and pace of their payload. Pure."""
