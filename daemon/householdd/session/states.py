"""The words that core, control API, logs and metrics share: one enum each.

Members carry the names of the enum values in ``protos/household/v1/session.proto`` without their prefix.
"""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """Where a session is in its life: HANDSHAKE -> ACTIVE <-> QUIET -> CLOSING -> CLOSED."""

    HANDSHAKE = "handshake"
    ACTIVE = "active"
    QUIET = "quiet"
    CLOSING = "closing"
    CLOSED = "closed"


class EvidenceKind(StrEnum):
    """What was received that proves a live client. Something sent is never evidence."""

    HANDSHAKE = "handshake"
    PONG = "pong"
    MESSAGE = "message"
    ACK = "ack"


class Verdict(StrEnum):
    """What the evidence says of the client at this moment."""

    LIVE = "live"
    """It answers."""
    FROZEN = "frozen"
    """Its kernel is there, but nothing answers: a frozen tab, a stopped process, a shut window."""
    SILENT = "silent"
    """Nothing comes from it, not even acknowledgements."""


class CloseReason(StrEnum):
    """Why a session ended; exactly one for every session."""

    CLIENT_STOPPED = "client_stopped"
    CLIENT_CLOSED = "client_closed"
    CONNECTION_LOST = "connection_lost"
    PROBES_FAILED = "probes_failed"
    INACTIVE = "inactive"
    MAX_DURATION = "max_duration"
    PROTOCOL_ERROR = "protocol_error"
    KILLED = "killed"
    DRAINED = "drained"
    EMERGENCY = "emergency"
    WORKER_LOST = "worker_lost"
    INTERNAL = "internal"
    OVERLOADED = "overloaded"

    @property
    def close_code(self) -> int:
        """The WebSocket close code that tells the client, RFC 6455 section 7.4.1."""
        return _CLOSE_CODES.get(self, 1000)

    @property
    def sentence(self) -> str:
        """What the client is told beside the code; a client shows it to a person."""
        return _SENTENCES[self]


_CLOSE_CODES = {
    CloseReason.PROBES_FAILED: 1008,
    CloseReason.INACTIVE: 1008,
    CloseReason.PROTOCOL_ERROR: 1008,
    CloseReason.KILLED: 1008,
    CloseReason.DRAINED: 1001,
    CloseReason.EMERGENCY: 1001,
    CloseReason.WORKER_LOST: 1011,
    CloseReason.INTERNAL: 1011,
    # Of the IANA registry: try again later.
    CloseReason.OVERLOADED: 1013,
}

_SENTENCES = {
    CloseReason.CLIENT_STOPPED: "the test was stopped",
    CloseReason.CLIENT_CLOSED: "the client closed the connection",
    CloseReason.CONNECTION_LOST: "the connection was lost",
    CloseReason.PROBES_FAILED: "the client stopped answering",
    CloseReason.INACTIVE: "no sign of life from the client",
    CloseReason.MAX_DURATION: "the maximum duration is reached",
    CloseReason.PROTOCOL_ERROR: "too many messages that break the protocol",
    CloseReason.KILLED: "closed by the operator",
    CloseReason.DRAINED: "the server is going down for maintenance",
    CloseReason.EMERGENCY: "emergency stop by the operator",
    CloseReason.WORKER_LOST: "the server lost this connection",
    CloseReason.INTERNAL: "an error in the server",
    CloseReason.OVERLOADED: "the server is overloaded",
}
