"""A household played from the terminal, with the same verdicts as the page."""
