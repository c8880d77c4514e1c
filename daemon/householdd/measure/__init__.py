"""Pure: round trips, rates, and the report of a run."""
