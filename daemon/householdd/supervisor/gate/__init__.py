"""The way to the control API: sockets, peers, TLS, and the forwarding of each connection."""
