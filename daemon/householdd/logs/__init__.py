"""The log: its set-up, and a writer that never waits for a reader."""
