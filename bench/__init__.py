"""Benchmarks of one machine, each figure beside a limit or a peer of the same run: ``python -m bench --help``."""
