"""Identity of clients: addresses, origins and proxies. Pure."""
