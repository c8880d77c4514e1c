"""Fields that filters can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from household_filters.values import ABSENT, Kind, Value, parse


@dataclass(frozen=True)
class FieldSpec:
    """Syntax and meaning of a field."""

    kind: Kind
    meaning: str
    example: str
    words: tuple[str, ...] = ()
    """In lower case."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """As in tables, by their lower case."""
    optional: bool = False
    """A dash in tables."""
    constant: bool = False
    """Constant during a session."""

    @property
    def allowed(self) -> tuple[str, ...]:
        """As printed by tables."""
        printed = {word: spelling.upper() for spelling, word in self.spellings.items()}
        return (*(printed.get(word, word) for word in self.words), *((ABSENT,) if self.optional else ()))

    def value(self, text: str, *, exact: bool, now: float) -> Value:
        """Parse as :func:`household_filters.values.parse`. Raise ValueError."""
        if self.optional and text == ABSENT and not exact:
            return None
        if self.kind is not Kind.WORD:
            return parse(self.kind, text, exact=exact, now=now)
        word = text.lower()
        word = self.spellings.get(word, word.replace(" ", "_").replace("-", "_"))
        if word not in self.words:
            raise ValueError(f"{text!r} is none of {', '.join(self.allowed)}")
        return word


Spec = TypeVar("Spec", bound=FieldSpec)


def named(name: str, fields: Mapping[str, Spec]) -> Spec:
    """Raise ValueError that lists the known fields."""
    try:
        return fields[name]
    except KeyError:
        raise ValueError(f"no field {name!r}; known are {', '.join(fields)}") from None


_ADDRESS = "Client's address, without a port; IPv4 is never written as IPv6. A network finds every address in it."
_KEPT_ADDRESS = f"{_ADDRESS} Where addresses are kept truncated, the networks around the address are found."
_KEPT_PEER = "Client's address as it is kept: whole, truncated to a network, or empty."
_REASONS = (
    *("client_stopped", "client_closed", "connection_lost", "probes_failed", "inactive", "max_duration"),
    *("protocol_error", "killed", "drained", "emergency", "worker_lost", "internal", "overloaded"),
    *("flooding", "text_too_large", "unread", "excess_upload", "malformed", "not_websocket", "unsupervised"),
)
_CAUSES = ("line", "device", "server", "unknown")


def _id(meaning: str, *, constant: bool = False, optional: bool = False, name: str = "id") -> FieldSpec:
    return FieldSpec(Kind.ID, meaning, f"{name} = 8cd209fa", constant=constant, optional=optional)


LIVE_FIELDS: Mapping[str, FieldSpec] = {
    "id": _id("Session's UUID, or its beginning.", constant=True),
    "user_id": FieldSpec(Kind.TEXT, "Label of the user.", "user_id = jake_42", constant=True),
    "test_id": FieldSpec(
        Kind.TEXT, "Label that the sessions of one run share.", "test_id = 4711", optional=True, constant=True
    ),
    "profile": FieldSpec(Kind.TEXT, "Profile.", "profile = jake", constant=True),
    "address": FieldSpec(Kind.ADDRESS, _ADDRESS, "address = 192.0.2.0/24", constant=True),
    "peer_address": FieldSpec(Kind.TEXT, "Client's address and port.", "peer_address = 192.0.2.7:51234", constant=True),
    "user_agent": FieldSpec(
        Kind.TEXT, "Client's User-Agent header.", "user_agent : firefox", optional=True, constant=True
    ),
    "worker": FieldSpec(Kind.TEXT, "Worker that carries the session.", "worker = 0", constant=True),
    "state": FieldSpec(
        Kind.WORD, "State.", "state = QUIET", words=("handshake", "active", "quiet", "closing", "closed")
    ),
    "evidence_kind": FieldSpec(
        Kind.WORD,
        "Kind of the latest evidence of a live client.",
        "evidence_kind = pong",
        words=("handshake", "pong", "message", "ack"),
        optional=True,
    ),
    "verdict": FieldSpec(
        Kind.WORD,
        "What the evidence says of the client.",
        "verdict != LIVE",
        words=("live", "frozen", "silent"),
        optional=True,
    ),
    "opened_at": FieldSpec(Kind.TIME, "When the session began.", "opened_at >= today"),
    "age": FieldSpec(Kind.DURATION, "Time since then.", "age > 4m05s"),
    "evidence_age": FieldSpec(Kind.DURATION, "Time since the latest evidence.", "evidence_age > 2s", optional=True),
    "answer_age": FieldSpec(Kind.DURATION, "Time since the latest pong or message.", "answer_age > 500ms"),
    "round_trip": FieldSpec(Kind.DURATION, "Latest round trip.", "round_trip >= 163ms", optional=True),
    "sent_bytes": FieldSpec(Kind.BYTES, "Payload sent.", "sent_bytes > 10MB"),
    "received_bytes": FieldSpec(Kind.BYTES, "Payload received.", "received_bytes < 1.5 GB"),
    "actual_download_bps": FieldSpec(Kind.RATE, "Download rate now.", "actual_download_bps < 1.5 Mbit/s"),
    "actual_upload_bps": FieldSpec(Kind.RATE, "Upload rate now.", "actual_upload_bps = 0"),
    "probe_failures": FieldSpec(Kind.NUMBER, "Probes in a row that were not answered.", "probe_failures > 0"),
    "retransmits": FieldSpec(Kind.NUMBER, "TCP segments that were sent again.", "retransmits > 100", optional=True),
    "unsent_bytes": FieldSpec(Kind.BYTES, "Payload that waits in the server.", "unsent_bytes > 100kB", optional=True),
}

HISTORY_FIELDS: Mapping[str, FieldSpec] = {
    "id": _id("Session's UUID, or its beginning."),
    "run_id": _id("Run that the session belongs to.", optional=True, name="run_id"),
    "user_id": FieldSpec(Kind.TEXT, "Label of the user.", "user_id = jake_42"),
    "test_id": FieldSpec(Kind.TEXT, "Label that the sessions of one run share.", "test_id = 4711", optional=True),
    "profile": FieldSpec(Kind.TEXT, "Profile.", "profile = jake"),
    "server": FieldSpec(Kind.TEXT, "Host name of the machine.", "server = speed-1"),
    "worker": FieldSpec(Kind.TEXT, "Worker that carried the session.", "worker = 0"),
    "address": FieldSpec(Kind.ADDRESS, _KEPT_ADDRESS, "address = 192.0.2.7", optional=True),
    "peer_address": FieldSpec(Kind.TEXT, _KEPT_PEER, 'peer_address = ""', optional=True),
    "address_block": FieldSpec(
        Kind.TEXT, "Network around the client, IPv4 /24 or IPv6 /48.", "address_block = 192.0.2.0/24", optional=True
    ),
    "user_agent": FieldSpec(Kind.TEXT, "Client's User-Agent header.", "user_agent : firefox", optional=True),
    "reason": FieldSpec(Kind.WORD, "Why the session ended.", "reason = KILLED", words=_REASONS),
    "detail": FieldSpec(Kind.TEXT, "Words beside the reason.", "detail : maintenance", optional=True),
    "opened_at": FieldSpec(Kind.TIME, "When the session began.", "opened_at >= 2026-01-31T12:00:00Z"),
    "closed_at": FieldSpec(Kind.TIME, "When it ended.", "closed_at = yesterday"),
    "duration": FieldSpec(Kind.DURATION, "How long it lasted.", "duration < 10s"),
    "sent_bytes": FieldSpec(Kind.BYTES, "Payload sent.", "sent_bytes > 10MB"),
    "received_bytes": FieldSpec(Kind.BYTES, "Payload received.", "received_bytes < 1.5 GB"),
    "retransmits": FieldSpec(Kind.NUMBER, "TCP segments that were sent again.", "retransmits > 100", optional=True),
}

RUN_FIELDS: Mapping[str, FieldSpec] = {
    "id": _id("Run's id, or its beginning."),
    "session_id": _id("Session that the run was reported on.", name="session_id"),
    "test_id": FieldSpec(Kind.TEXT, "Label that the sessions of the run share.", "test_id = 4711", optional=True),
    "server": FieldSpec(Kind.TEXT, "Host name of the machine.", "server = speed-1"),
    "address": FieldSpec(Kind.ADDRESS, _KEPT_ADDRESS, "address = 192.0.2.7", optional=True),
    "peer_address": FieldSpec(Kind.TEXT, _KEPT_PEER, 'peer_address = ""', optional=True),
    "address_block": FieldSpec(
        Kind.TEXT, "Network around the client, IPv4 /24 or IPv6 /48.", "address_block = 192.0.2.0/24", optional=True
    ),
    "user_agent": FieldSpec(Kind.TEXT, "Client's User-Agent header.", "user_agent : firefox", optional=True),
    "client": FieldSpec(Kind.WORD, "What measured.", "client = page", words=("page", "householdctl", "server")),
    "client_version": FieldSpec(Kind.TEXT, "Its version.", "client_version = 1.2.3"),
    "grade": FieldSpec(
        Kind.WORD,
        "Grade as tables print it: invalid where the run does not count.",
        "grade = A+",
        words=("a_plus", "a", "b", "c", "d", "f", "invalid"),
        spellings={"a+": "a_plus", **{letter: letter for letter in "abcdf"}},
        optional=True,
    ),
    "valid": FieldSpec(Kind.WORD, "Whether the run counts.", "valid = true", words=("true", "false")),
    "stored_at": FieldSpec(Kind.TIME, "When the report came in.", "stored_at > 2d"),
    "baseline": FieldSpec(Kind.DURATION, "Median round trip of the idle line.", "baseline < 20ms", optional=True),
    "increase_p95": FieldSpec(
        Kind.DURATION, "What load added to its 95th percentile.", "increase_p95 > 163ms", optional=True
    ),
    "kernel_increase_p95": FieldSpec(
        Kind.DURATION, "The same by the server's kernel.", "kernel_increase_p95 < 5ms", optional=True
    ),
    "cause": FieldSpec(Kind.WORD, "Where the delay was.", "cause = DEVICE", words=_CAUSES, optional=True),
    "rate_cause": FieldSpec(Kind.WORD, "What limited the rate.", "rate_cause != LINE", words=_CAUSES, optional=True),
    "witness": FieldSpec(
        Kind.WORD,
        "Whose round trips carry the grade.",
        "witness = KERNEL",
        words=("application", "kernel"),
        optional=True,
    ),
    "hurting": FieldSpec(
        Kind.WORD,
        "Direction that hurts.",
        "hurting = UPLOAD",
        words=("download", "upload", "both"),
        optional=True,
    ),
}
