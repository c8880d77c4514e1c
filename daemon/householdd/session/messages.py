"""Data-plane messages: JSON text frames with a ``type``, to and from typed values.

The field names are those that deployed clients speak; docs/protocol.md lists every row. Times are milliseconds of the
sender's own epoch unless a field says otherwise. Numbers that a client may send as integer or fraction stay as sent,
because they are echoed.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from householdd.measure.run_report import ClientRunReport

MAX_TEXT_BYTES = 16 * 1024
"""Greatest size in bytes of a client's text message; the longest of a deployed client has some 300."""

Number = int | float
_Label = Annotated[str, msgspec.Meta(max_length=128)]
_Count = Annotated[float, msgspec.Meta(ge=0, le=2**63)]


class WireError(ValueError):
    """A text message that is not a JSON object with a string ``type``, or has a field of a wrong type."""


class ClientPing(msgspec.Struct, tag="ping"):
    """Request for a pong."""

    timestamp: Number | None = None
    sequence: Number | None = None
    tcp: bool = False
    """Whether the answer shall have ``server_tcp``; of a probe, which gets no other figures."""


class ClientPong(msgspec.Struct, tag="pong"):
    """Answer to a ping of ours, identified by ``sequence`` or ``echoes``."""

    sequence: Number | None = None
    timestamp: Number | None = None
    client_timestamp: Number | None = None
    server_timestamp: Number | None = None

    @property
    def echoes(self) -> tuple[Number | None, ...]:
        """The possible echoes of our ping's timestamp: the old page and the old worker use different fields."""
        return self.timestamp, self.client_timestamp


class ConnectionTestResponse(msgspec.Struct, tag="connection_test_response"):
    """Answer to a liveness probe."""


class RealUploadData(msgspec.Struct, tag="real_upload_data"):
    """Announcement of binary frames, from which alone bytes are counted."""

    size: _Count | None = None


class BulkUploadData(msgspec.Struct, tag="bulk_upload_data"):
    """The same as ``RealUploadData``."""

    size: _Count | None = None


class ClientConfirmation(msgspec.Struct, tag="client_confirmation"):
    """The client's own totals in bytes; shown, never used for accounting."""

    received_bytes: _Count = 0
    sent_bytes: _Count = 0
    timestamp: Number | None = None


class StartTraffic(msgspec.Struct, tag="start_traffic"):
    """Wish for a rate in Mbit/s, or above 10,000 in bit/s."""

    rate: float | None = msgspec.field(name="targetThroughput", default=None)


class RequestDownload(msgspec.Struct, tag="request_download"):
    """The same wish; the old worker calls it ``throughput``."""

    target_throughput: float | None = msgspec.field(name="targetThroughput", default=None)
    throughput: float | None = None
    size: _Count | None = None

    @property
    def rate(self) -> float | None:
        """The rate, under either name."""
        return self.throughput if self.target_throughput is None else self.target_throughput


class DownloadResponse(msgspec.Struct, tag="download_response"):
    """Message of old workers without a meaning."""

    size: _Count | None = None


class StopTest(msgspec.Struct, tag="stop_test"):
    """The client is done."""

    user_id: _Label | None = None


class StopTraffic(msgspec.Struct, tag="stop_traffic"):
    """The same, from the old worker."""

    user_id: _Label | None = None


ClientMessage = (
    ClientPing
    | ClientPong
    | ConnectionTestResponse
    | RealUploadData
    | BulkUploadData
    | ClientConfirmation
    | StartTraffic
    | RequestDownload
    | DownloadResponse
    | StopTest
    | StopTraffic
    | ClientRunReport
)

_CLIENT_TYPES = {each.__struct_config__.tag: each for each in ClientMessage.__args__}


class _Envelope(msgspec.Struct):
    type: str


_envelope = msgspec.json.Decoder(_Envelope)
_decoders: dict[str, msgspec.json.Decoder[ClientMessage]] = {
    str(tag): msgspec.json.Decoder(each) for tag, each in _CLIENT_TYPES.items()
}


def decode(text: bytes) -> ClientMessage | None:
    """Return the message in a text frame; None for an unknown type.

    Raise WireError, whose text may be shown to the client, for a malformed message.
    """
    try:
        decoder = _decoders.get(_envelope.decode(text).type)
        return decoder.decode(text) if decoder else None
    # msgspec reports bad UTF-8 inside a string as UnicodeDecodeError, and nesting too deep as RecursionError.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from None


class ProfileInfo(msgspec.Struct):
    """A profile as clients see it; rates are means in Mbit/s."""

    name: str
    download_mbps: float
    upload_mbps: float
    description: str
    activity_type: str


class SessionInfo(msgspec.Struct, tag="session_info"):
    """The first message of a session."""

    user_id: str
    profile: ProfileInfo
    timestamp: float
    session_id: str
    real_traffic: bool = True


class ServerPing(msgspec.Struct, tag="ping"):
    """Measurement of the round trip; ``server_time`` is in seconds."""

    user_id: str
    sequence: int
    timestamp: float
    server_time: float


class ServerPong(msgspec.Struct, tag="pong"):
    """Answer to a client's ping, with the client's own values; ``server_time`` is in seconds."""

    user_id: str
    sequence: Number
    """0 if the client sent none, like the earlier system."""
    timestamp: Number | None
    client_timestamp: Number | None
    server_timestamp: float
    server_time: float


class ServerTcp(msgspec.Struct, frozen=True):
    """The connection as the server's kernel sees it; round trips are milliseconds."""

    rtt_ms: float
    min_rtt_ms: float | None
    retransmits: int
    delivery_mbps: float
    congestion_control: str
    receiver_limited: float | None = None
    retransmitted: float | None = None
    congestion_experienced: float | None = None
    rtts_ms: list[float] = []
    """Samples of the smoothed round trip since the last message that had some."""


class ProbePong(msgspec.Struct, tag="pong", omit_defaults=True):
    """Answer to a probe's ping; short, so that it is likelier to find room in a full queue."""

    sequence: Number | None
    server_tcp: ServerTcp | None = None
    """Left out unless asked for."""


class ConnectionTest(msgspec.Struct, tag="connection_test"):
    """Liveness probe for clients that answer it."""

    user_id: str
    timestamp: float


class RealUploadRequest(msgspec.Struct, tag="real_upload_request"):
    """Request for ``target_bytes`` of binary within ``duration_ms``."""

    target_bytes: int
    optimal_chunk_size: int
    duration_ms: int
    timestamp: float


class LatencyMetrics(msgspec.Struct, frozen=True):
    """Round trips of the session's JSON pings in milliseconds; null before the first."""

    baseline_latency: float | None = None
    current_latency: float | None = None
    min_latency: float | None = None
    max_latency: float | None = None
    avg_latency: float | None = None
    latency_increase: float | None = None
    jitter: float | None = None
    total_pings: int = 0
    ping_history_count: int = 0
    """Round trips behind the figures; the earlier system kept those of a minute."""
    baseline_established: bool = False
    bufferbloat_severity: str = "none"


class Update(msgspec.Struct, kw_only=True):
    """The figures that ``real_time_update`` and ``session_complete`` share; rates are Mbit/s.

    All have a default, since filling a message takes half as long as constructing it with so many fields.
    """

    user_id: str = ""
    profile_name: str = ""
    target_download_mbps: float = 0.0
    actual_download_mbps: float = 0.0
    cumulative_download_mbps: float = 0.0
    target_upload_mbps: float = 0.0
    actual_upload_mbps: float = 0.0
    cumulative_upload_mbps: float = 0.0
    server_sent_bytes: int = 0
    server_received_bytes: int = 0
    client_received_bytes: float = 0.0
    client_sent_bytes: float = 0.0
    elapsed_seconds: float = 0.0
    active: bool = False
    timestamp: float = 0.0
    ping_ms: float | None = None
    jitter_ms: float | None = None
    bufferbloat_severity: str = "none"
    """One of the four words that deployed pages know."""
    bufferbloat_level: str = "unknown"
    """The same in finer steps."""
    latency_metrics: LatencyMetrics = LatencyMetrics()
    server_overloaded: bool = False
    server_limited: bool = False
    client_limited: bool = False
    server_tcp: ServerTcp | None = None


class RealTimeUpdate(Update, tag="real_time_update", kw_only=True):
    """Figures of the session, each control pass."""


class SessionComplete(Update, tag="session_complete", kw_only=True):
    """Figures of the whole session, before a normal close."""

    session_duration: float
    reason: str
    detail: str


class StopTestAck(msgspec.Struct, tag="stop_test_ack"):
    """Answer to stop_test."""

    user_id: str
    timestamp: float
    message: str


class RunStored(msgspec.Struct, tag="run_stored"):
    """Answer to run_report: it is stored. ``path`` is relative to the page; None if runs are not shown."""

    id: str
    path: str | None


class RunRefused(msgspec.Struct, tag="run_refused"):
    """Answer to run_report: it is not stored."""

    reason: Literal["disabled", "too_many", "busy", "unavailable"]


class ErrorMessage(msgspec.Struct, tag="error"):
    """Description of an error in a client's message."""

    error: str


ServerMessage = (
    SessionInfo
    | ServerPing
    | ServerPong
    | ProbePong
    | ConnectionTest
    | RealUploadRequest
    | RealTimeUpdate
    | SessionComplete
    | StopTestAck
    | RunStored
    | RunRefused
    | ErrorMessage
)

encode = msgspec.json.Encoder().encode
"""The bytes of a server message's text frame."""
