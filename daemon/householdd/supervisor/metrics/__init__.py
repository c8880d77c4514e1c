"""The daemon's metrics: what workers counted, added up across their processes, and served to Prometheus."""
