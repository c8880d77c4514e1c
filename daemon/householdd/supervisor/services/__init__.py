"""Services of the control API that all workers answer together."""
