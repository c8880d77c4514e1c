"""One module a question; its ``answer`` measures."""
