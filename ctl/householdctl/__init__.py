"""The operator's command line for householdd; it talks gRPC only and imports nothing of the daemon."""
