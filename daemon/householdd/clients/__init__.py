"""Pure: who a client is, by its address, its origin and the proxies in front of it."""
