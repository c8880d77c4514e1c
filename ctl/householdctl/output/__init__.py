"""Tables for people, JSON and CSV for scripts."""
