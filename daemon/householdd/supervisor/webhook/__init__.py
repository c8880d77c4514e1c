"""Tells an operator's own server of each finished run."""
