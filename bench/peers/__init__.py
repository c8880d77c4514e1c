"""Servers to compare with, each a process: ``python -m bench.peers.bulk KIND``."""
