"""Round trips, rates, and the report of a run. Pure."""
