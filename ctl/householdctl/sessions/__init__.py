"""Live sessions: listed, watched, found by the beginning of an id."""
