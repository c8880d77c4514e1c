"""The control API of one daemon or several, and what a daemon leaves on this machine."""
