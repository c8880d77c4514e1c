"""Values of the domain as messages, and back."""

from __future__ import annotations

from dataclasses import fields
from functools import cache, lru_cache
from typing import TypedDict, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from household.v1 import server_service_pb2
from household.v1 import session_pb2 as pb
from householdd.admission.admission import Cause
from householdd.capacity.overload_controller import OverloadController
from householdd.clients.addresses import host_port
from householdd.session.close_reason import CloseReason
from householdd.session.session import Session
from householdd.session.states import EvidenceKind, SessionState, Verdict
from householdd.settings.definitions import SettingGroup, Timeouts

_Message = TypeVar("_Message", bound=Message)


def duration(seconds: float) -> Duration:
    """Return a duration, rounded to the microsecond."""
    message = Duration()
    message.FromMicroseconds(round(seconds * 1e6))
    return message


def seconds(message: Duration) -> float:
    return message.seconds + message.nanos / 1e9


def timestamp(wall: float) -> Timestamp:
    """Return Unix time in seconds, to the microsecond."""
    message = Timestamp()
    message.FromMicroseconds(round(wall * 1e6))
    return message


def unix(message: Timestamp) -> float:
    """Return Unix time. Raise ValueError outside the years 1 to 9999."""
    return message.ToMicroseconds() / 1e6


@cache
def state(value: SessionState) -> pb.SessionState.ValueType:
    return pb.SessionState.Value(f"SESSION_STATE_{value.name}")


@cache
def reason(value: CloseReason) -> pb.CloseReason.ValueType:
    return pb.CloseReason.Value(f"CLOSE_REASON_{value.name}")


def reason_word(number: pb.CloseReason.ValueType) -> str:
    """Return ``unspecified`` for an unknown number."""
    name = pb.CloseReason.Name(number if number in pb.CloseReason.values() else pb.CLOSE_REASON_UNSPECIFIED)
    return name.removeprefix("CLOSE_REASON_").lower()


def reason_of_word(word: str) -> pb.CloseReason.ValueType:
    """Return UNSPECIFIED for an unknown word, as a newer daemon may store."""
    return dict(pb.CloseReason.items()).get(f"CLOSE_REASON_{word.upper()}", pb.CLOSE_REASON_UNSPECIFIED)


@cache
def refusal(value: Cause) -> server_service_pb2.RefusalCause.ValueType:
    return server_service_pb2.RefusalCause.Value(f"REFUSAL_CAUSE_{value.name}")


@cache
def evidence(value: EvidenceKind) -> pb.EvidenceKind.ValueType:
    return pb.EvidenceKind.Value(f"EVIDENCE_KIND_{value.name}")


@cache
def verdict(value: Verdict) -> pb.Verdict.ValueType:
    return pb.Verdict.Value(f"VERDICT_{value.name}")


@lru_cache(maxsize=64)
def timeouts(value: Timeouts) -> pb.Timeouts:
    """Return timeouts to be copied, not changed."""
    return settings(pb.Timeouts(), value)


def settings(message: _Message, group: SettingGroup) -> _Message:
    for each in fields(group):
        value = getattr(group, each.name)
        if message.DESCRIPTOR.fields_by_name[each.name].message_type is not None:
            getattr(message, each.name).CopyFrom(duration(value))
        else:
            setattr(message, each.name, value)
    return message


def overload(controller: OverloadController, since_wall: float) -> server_service_pb2.Overload:
    """``since_wall`` is Unix time."""
    api = server_service_pb2
    message = api.Overload(
        step=api.OverloadStep.Value(f"OVERLOAD_STEP_{controller.level.name}"), since=timestamp(since_wall)
    )
    if (cause := controller.cause) is not None:
        message.cause = api.OverloadCause.Value(f"OVERLOAD_CAUSE_{cause.signal.name}")
        message.figure, message.threshold = cause.figure, cause.threshold
    return message


class _Constants(TypedDict):
    id: str
    user_id: str
    test_id: str
    profile: str
    peer_address: str
    user_agent: str
    worker: str


def _constants(value: Session, worker: str) -> _Constants:
    identity = value.identity
    return {
        "id": identity.id,
        "user_id": identity.user_id,
        "test_id": identity.test_id,
        "profile": value.profile.key,
        "peer_address": host_port(identity.peer_host, identity.peer_port),
        "user_agent": identity.user_agent,
        "worker": worker,
    }


def constants(value: Session, worker: str) -> pb.Session:
    """Return constant fields only, which is much cheaper."""
    return pb.Session(**_constants(value, worker))


def session(value: Session, worker: str, now: float) -> pb.Session:
    """``now`` is monotonic."""
    liveness = value.liveness
    message = pb.Session(
        **_constants(value, worker),
        state=state(value.state),
        opened_at=timestamp(value.opened_wall),
        age=duration(value.age(now)),
        last_evidence_at=timestamp(value.opened_wall + liveness.last_evidence_at - value.opened_at),
        evidence_age=duration(max(now - liveness.last_evidence_at, 0.0)),
        evidence_kind=evidence(liveness.last_evidence_kind),
        sent_bytes=value.sums.sent,
        received_bytes=value.sums.received,
        target_download_bps=value.download.shape.mean_bps,
        actual_download_bps=value.download_meter.bps if value.closed_at is None else 0.0,
        target_upload_bps=value.upload.shape.mean_bps,
        actual_upload_bps=value.upload_meter.bps if value.closed_at is None else 0.0,
        probe_failures=liveness.failures,
        timeouts=timeouts(value.timeouts),
        close_detail=value.close_detail,
        server_limited=value.limited,
        client_limited=value.consumption.limited,
        server_overloaded=value.overloaded,
    )
    if value.closed_at is None:
        if value.download.capped:
            message.limit_download_bps = value.download.cap
        if value.upload.capped:
            message.limit_upload_bps = value.upload.cap
        message.verdict = verdict(liveness.verdict(value.timeouts, now))
        message.answer_age.CopyFrom(duration(max(now - liveness.last_answer_at, 0.0)))
        message.effective_probe_timeout.CopyFrom(duration(liveness.probe_timeout(value.timeouts)))
        message.effective_inactivity.CopyFrom(duration(liveness.inactivity_timeout(value.timeouts)))
    else:
        message.closed_at.CopyFrom(timestamp(value.opened_wall + value.age(now)))
    if liveness.round_trip.latest is not None:
        message.round_trip.CopyFrom(duration(liveness.round_trip.latest))
    if value.close_reason is not None:
        message.close_reason = reason(value.close_reason)
    return message
