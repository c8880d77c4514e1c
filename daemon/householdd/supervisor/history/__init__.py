"""History of ended sessions and runs."""
