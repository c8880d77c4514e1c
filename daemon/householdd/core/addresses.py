"""Client addresses in writing."""

from __future__ import annotations


def host_port(host: str, port: int) -> str:
    """``192.0.2.7:51234`` or ``[2001:db8::7]:51234``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
