"""Checks of requests."""

from __future__ import annotations

import uuid

from google.protobuf.duration_pb2 import Duration

from household.v1 import server_service_pb2
from household.v1 import session_service_pb2 as pb
from householdd.api import filters
from householdd.api.convert import seconds
from householdd.api.errors import check_reason, invalid, raise_invalid
from householdd.api.paging import PageRequest, PagingError
from householdd.settings.definitions import Range, SettingError, Timeouts

MAX_IDS = 1000

_BLOCK = Range("time for which an address is blocked", 1, 86400)
_SPREAD = Range("time over which sessions are closed", 0, 600)


def predicate(text: str, *, constant_only: bool = False) -> filters.Predicate:
    """Raise Refusal."""
    try:
        return filters.parse(text, constant_only=constant_only)
    except filters.FilterError as error:
        raise invalid("filter", str(error)) from None


def page_request(request: pb.ListSessionsRequest) -> PageRequest:
    """Raise Refusal."""
    try:
        return PageRequest.parse(request.page_size, request.page_token, request.filter, request.order_by)
    except PagingError as error:
        raise invalid(error.field, error.problem) from None


def session_id(text: str, field: str = "id") -> str:
    """Return the canonical form. Raise Refusal if it is not a UUID."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise_invalid(field, f"{text[:64]!r} is not a UUID; `householdctl sessions list` shows the ids")


def check_kill(request: pb.KillSessionsRequest) -> None:
    """Check all fields. Raise Refusal."""
    check_reason(request.reason)
    spread(request.spread)
    if request.HasField("block_address"):
        block_duration(request.block_address, "block_address")
    match request.WhichOneof("selector"):
        case "ids":
            if not 1 <= len(request.ids.ids) <= MAX_IDS:
                raise_invalid("ids", f"1 to {MAX_IDS} ids are allowed, not {len(request.ids.ids)}")
            for index, text in enumerate(request.ids.ids):
                session_id(text, f"ids[{index}]")
        case "filter":
            if not request.filter.strip():
                raise_invalid("filter", "must not be empty; to kill every session set all")
            predicate(request.filter)
        case "all":
            if not request.all:
                raise_invalid("all", "must be true when it is the selector")
        case None:
            raise_invalid("selector", "exactly one of ids, filter and all is needed")


def block_duration(value: Duration, field: str) -> float:
    """Return seconds. Raise Refusal."""
    return _in_range(_BLOCK, value, field)


def spread(value: Duration) -> float:
    """Return seconds. Raise Refusal."""
    return _in_range(_SPREAD, value, "spread")


def drain_deadline(request: server_service_pb2.DrainServerRequest, default: float) -> float:
    """Return the seconds until remaining sessions are closed. Raise Refusal."""
    if not request.HasField("deadline"):
        return default
    return _in_range(Timeouts.ranges()["drain"], request.deadline, "deadline")


def drain_spread(request: server_service_pb2.DrainServerRequest, deadline: float) -> float:
    """Return the seconds before ``deadline`` over which they are closed. Raise Refusal."""
    value = spread(request.spread)
    if value > deadline:
        raise_invalid("spread", f"{value:g} s is longer than the deadline {deadline:g} s")
    return value


def _in_range(allowed: Range, value: Duration, field: str) -> float:
    try:
        return allowed.check(field, seconds(value))
    except SettingError as error:
        raise_invalid(field, error.problem)
