"""The daemon: its health, its drain, its configuration."""
