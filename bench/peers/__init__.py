"""Servers that householdd is compared with, each a process: ``python -m bench.peers.bulk KIND``."""
