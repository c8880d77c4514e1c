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
