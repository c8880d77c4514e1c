"""Budgets of payload, fairness between sessions, and the overload controller. Pure."""
