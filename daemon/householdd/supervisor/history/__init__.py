"""What the daemon keeps of ended sessions and runs."""
