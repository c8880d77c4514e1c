"""``householdctl top``: a live view of sessions, workers and rates that fills the terminal."""
