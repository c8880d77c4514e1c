"""Services of the control API, merged over all workers."""
