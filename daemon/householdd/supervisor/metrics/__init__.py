"""Metrics of the daemon: sums over the workers' processes, served to Prometheus."""
