"""The daemon: sessions, liveness, traffic, and the control plane over them."""
