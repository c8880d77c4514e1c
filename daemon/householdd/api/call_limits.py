"""Limits of the control API, for each caller and for all together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CallLimits:
    """Greatest numbers, sizes in bytes, times in seconds."""

    connections: int = 4096
    """Open control connections."""
    strangers: int = 64
    """Connections among them of callers without a role, whose RPCs are denied."""
    handshakes: int = 256
    """TLS handshakes under way."""
    rpcs: int = 1024
    """RPCs open at once."""
    rpcs_per_connection: int = 100
    """RPCs open at once on one connection."""
    streams: int = 256
    """RPCs among them that stay open: watches of sessions and of health, reflection."""
    reserve: int = 32
    """Connections, and RPCs, that admins have beyond the limits, so that an emergency stop always gets through."""
    request_bytes: int = 64 * 1024
    """Greatest request."""
    metadata_bytes: int = 8 * 1024
    """Greatest metadata, in both directions."""
    first_bytes: float = 10.0
    """Timeout for the HTTP/2 preface of a connection, and for the request of an RPC."""
    idle: float = 300.0
    """Time without an RPC after which a connection is closed; gRPC clients reconnect automatically."""
    keepalive: float = 60.0
    """Time without a byte from a client with open RPCs after which it is pinged."""
    keepalive_timeout: float = 20.0
    """Timeout for the answer to that ping."""

    @property
    def grpc_options(self) -> list[tuple[str, int]]:
        """Options of the gRPC library for the limits that it enforces."""
        return [
            ("grpc.max_receive_message_length", self.request_bytes),
            ("grpc.max_metadata_size", self.metadata_bytes),
            ("grpc.absolute_max_metadata_size", self.metadata_bytes * 2),
            ("grpc.max_concurrent_streams", self.rpcs_per_connection),
            ("grpc.max_connection_idle_ms", round(self.idle * 1e3)),
            ("grpc.keepalive_time_ms", round(self.keepalive * 1e3)),
            ("grpc.keepalive_timeout_ms", round(self.keepalive_timeout * 1e3)),
            # Without this option the library waits a minute despite the line before.
            ("grpc.http2.ping_timeout_ms", round(self.keepalive_timeout * 1e3)),
        ]
