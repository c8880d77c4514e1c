"""The configuration: one file for each section."""
