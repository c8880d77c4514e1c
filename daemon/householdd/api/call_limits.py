"""How much of the control plane one caller, and all of them together, may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CallLimits:
    """Greatest numbers, and times in seconds."""

    connections: int = 4096
    """Open control connections."""
    strangers: int = 64
    """Of these, by callers without any role, who get no more than the word that they have none."""
    handshakes: int = 256
    """TLS handshakes under way."""
    rpcs: int = 1024
    """RPCs open at once."""
    rpcs_per_connection: int = 100
    """Of these, on one connection."""
    streams: int = 256
    """Of all RPCs, those that stay open: watches of sessions and of health, reflection."""
    reserve: int = 32
    """Connections, and RPCs, beyond their limits that only admins get, so that an emergency stop always passes."""
    request_bytes: int = 64 * 1024
    """Greatest request."""
    metadata_bytes: int = 8 * 1024
    """Greatest metadata, in and out."""
    first_bytes: float = 10.0
    """Time that a connection has to begin as HTTP/2, and an RPC to bring its request."""
    idle: float = 300.0
    """Time without an RPC after which a connection is closed; gRPC clients connect again by themselves."""
    keepalive: float = 60.0
    """Time without a byte from a client with open RPCs after which it is asked for a sign of life."""
    keepalive_timeout: float = 20.0
    """Time that it has to give one."""

    @property
    def grpc_options(self) -> list[tuple[str, int]]:
        """The part that the gRPC library keeps."""
        return [
            ("grpc.max_receive_message_length", self.request_bytes),
            ("grpc.max_metadata_size", self.metadata_bytes),
            ("grpc.absolute_max_metadata_size", self.metadata_bytes * 2),
            ("grpc.max_concurrent_streams", self.rpcs_per_connection),
            ("grpc.max_connection_idle_ms", round(self.idle * 1e3)),
            ("grpc.keepalive_time_ms", round(self.keepalive * 1e3)),
            ("grpc.keepalive_timeout_ms", round(self.keepalive_timeout * 1e3)),
            # Without it the library waits for a minute, whatever the line before says.
            ("grpc.http2.ping_timeout_ms", round(self.keepalive_timeout * 1e3)),
        ]
