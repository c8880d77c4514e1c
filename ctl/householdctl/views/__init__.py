"""Answers as people and scripts read them."""
