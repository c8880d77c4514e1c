"""The control API: the same ``household.v1`` services at a worker and, merged, at the daemon."""
