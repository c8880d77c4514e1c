"""One module per question; its ``answer`` measures."""
