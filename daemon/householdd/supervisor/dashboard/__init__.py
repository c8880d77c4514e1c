"""Dashboard for operators: its listener, live figures, and changes through the control API."""
