"""The operators' page: a listener of its own, live figures for all who watch, and changes by the control API."""
