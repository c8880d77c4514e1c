"""What a command prints: tables for people, JSON and CSV for scripts."""
