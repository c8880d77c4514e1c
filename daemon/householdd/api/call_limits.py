"""Limits of the control API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CallLimits:
    """Numbers, sizes in bytes, times in seconds."""

    connections: int = 4096
    """Open connections."""
    strangers: int = 64
    """Of callers without a role, whose RPCs are denied."""
    handshakes: int = 256
    rpcs: int = 1024
    """Open RPCs."""
    rpcs_per_connection: int = 100
    """Open RPCs on one connection."""
    streams: int = 256
    """RPCs that stay open: watches, reflection."""
    reserve: int = 32
    """Connections, and RPCs, that admins have beyond the limits, for an emergency stop."""
    request_bytes: int = 64 * 1024
    metadata_bytes: int = 8 * 1024
    """In both directions."""
    first_bytes: float = 10.0
    """For the HTTP/2 preface, and for an RPC's request."""
    idle: float = 300.0
    """Without an RPC; gRPC clients reconnect automatically."""
    keepalive: float = 60.0
    """Without a byte from a client with open RPCs, before a ping."""
    keepalive_timeout: float = 20.0
    """Timeout of that ping."""

    @property
    def grpc_options(self) -> list[tuple[str, int]]:
        """Limits that the gRPC library enforces."""
        return [
            ("grpc.max_receive_message_length", self.request_bytes),
            ("grpc.max_metadata_size", self.metadata_bytes),
            ("grpc.absolute_max_metadata_size", self.metadata_bytes * 2),
            ("grpc.max_concurrent_streams", self.rpcs_per_connection),
            ("grpc.max_connection_idle_ms", round(self.idle * 1e3)),
            ("grpc.keepalive_time_ms", round(self.keepalive * 1e3)),
            ("grpc.keepalive_timeout_ms", round(self.keepalive_timeout * 1e3)),
            # Otherwise the library waits a minute.
            ("grpc.http2.ping_timeout_ms", round(self.keepalive_timeout * 1e3)),
        ]
