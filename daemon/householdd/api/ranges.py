"""Ranges of request fields that are no settings."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from household.v1 import server_service_pb2 as pb
from householdd.api.convert import seconds
from householdd.api.errors import raise_invalid
from householdd.settings.definitions import Range, SettingError, Timeouts

BLOCK = Range("time for which an address is blocked", 1, 86400)

SPREAD = Range("time over which sessions are closed", 0, 600)


def block_duration(value: Duration, field: str) -> float:
    """Seconds for which to block. Raises Refusal."""
    return _checked(BLOCK, value, field)


def spread(value: Duration) -> float:
    """Seconds over which to close. Raises Refusal."""
    return _checked(SPREAD, value, "spread")


def drain_deadline(request: pb.DrainServerRequest, default: float) -> float:
    """Seconds until a drain ends what is left; the setting's range holds for the request too. Raises Refusal."""
    if not request.HasField("deadline"):
        return default
    return _checked(Timeouts.ranges()["drain"], request.deadline, "deadline")


def drain_spread(request: pb.DrainServerRequest, deadline: float) -> float:
    """Seconds before the ``deadline`` over which a drain closes what is left. Raises Refusal."""
    value = spread(request.spread)
    if value > deadline:
        raise_invalid("spread", f"{value:g} s is longer than the deadline {deadline:g} s")
    return value


def _checked(allowed: Range, value: Duration, field: str) -> float:
    try:
        return allowed.check(field, seconds(value))
    except SettingError as error:
        raise_invalid(field, error.problem)
