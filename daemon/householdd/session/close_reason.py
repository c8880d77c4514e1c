"""Why a session ended: one reason for each end, and one row that says what follows from it."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Self

MAX_CLOSE_TEXT_BYTES = 123
"""Greatest size in bytes of a close frame's text, RFC 6455 section 5.5."""

ABNORMAL_CLOSURE = 1006
"""Close code that stands for a connection without a close frame; never sent, RFC 6455 section 7.4.1."""


class Fault(Enum):
    """The side that caused an end."""

    NONE = "none"
    """Neither: the session ended as it should."""
    CLIENT = "client"
    """The client broke the protocol."""
    NETWORK = "network"
    """The client fell silent or its connection broke; the server cannot tell its device from its line."""
    SERVER = "server"
    OPERATOR = "operator"


class CloseReason(StrEnum):
    """The reason of an end, with its close code, its fault and the sentence for the client.

    The words are those of ``session_complete``, logs, metrics and the history; names and order are those of the control
    API's ``CloseReason``.
    """

    close_code: int
    """Close code that the client gets, RFC 6455 section 7.4.1."""
    fault: Fault
    sentence: str
    """Text for a person, sent beside the code."""

    def __new__(cls, word: str, close_code: int, fault: Fault, sentence: str) -> Self:
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.close_code, reason.fault, reason.sentence = close_code, fault, sentence
        return reason

    CLIENT_STOPPED = "client_stopped", 1000, Fault.NONE, "the test was stopped"
    CLIENT_CLOSED = "client_closed", 1000, Fault.NONE, "the client closed the connection"
    CONNECTION_LOST = "connection_lost", ABNORMAL_CLOSURE, Fault.NETWORK, "the connection was lost"
    PROBES_FAILED = "probes_failed", ABNORMAL_CLOSURE, Fault.NETWORK, "the client stopped answering"
    INACTIVE = "inactive", 1008, Fault.NETWORK, "no sign of life from the client"
    MAX_DURATION = "max_duration", 1000, Fault.NONE, "the maximum duration is reached"
    PROTOCOL_ERROR = "protocol_error", 1008, Fault.CLIENT, "too many messages that break the protocol"
    KILLED = "killed", 1008, Fault.OPERATOR, "closed by the operator"
    DRAINED = "drained", 1001, Fault.OPERATOR, "the server is going down for maintenance"
    EMERGENCY = "emergency", 1001, Fault.OPERATOR, "emergency stop by the operator"
    WORKER_LOST = "worker_lost", ABNORMAL_CLOSURE, Fault.SERVER, "the server lost this connection"
    INTERNAL = "internal", ABNORMAL_CLOSURE, Fault.SERVER, "an error in the server"
    OVERLOADED = "overloaded", 1013, Fault.SERVER, "the server is overloaded"
    FLOODING = "flooding", 1008, Fault.CLIENT, "too many frames"
    TEXT_TOO_LARGE = "text_too_large", 1009, Fault.CLIENT, "a text message was too large"
    UNREAD = "unread", ABNORMAL_CLOSURE, Fault.CLIENT, "answers were provoked and not read"
    EXCESS_UPLOAD = "excess_upload", 1008, Fault.CLIENT, "far more was uploaded than was asked for"
    MALFORMED = "malformed", 1008, Fault.CLIENT, "too many malformed messages"
    # The WebSocket layer sends its own code and text: 1002, 1007, or 1009 for a message beyond its bound.
    NOT_WEBSOCKET = "not_websocket", 1002, Fault.CLIENT, "this is not the WebSocket protocol"
    UNSUPERVISED = "unsupervised", 1011, Fault.SERVER, "the server is without its supervisor"

    @property
    def graceful(self) -> bool:
        """Whether the client is told: by last figures and a close frame, with time to answer. Else it is reset."""
        return self.close_code != ABNORMAL_CLOSURE

    def text(self, detail: str) -> str:
        """Return the text of the close frame: the sentence, with ``detail`` behind it, cut to what a frame holds."""
        text = f"{self.sentence}: {detail}" if detail else self.sentence
        return text.encode()[:MAX_CLOSE_TEXT_BYTES].decode(errors="ignore")
