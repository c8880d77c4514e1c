"""Checks of requests that a worker and the daemon share."""

from __future__ import annotations

import uuid

from household.v1 import session_service_pb2 as pb
from householdd.api import filters, ranges
from householdd.api.errors import check_reason, invalid, raise_invalid
from householdd.api.paging import PageRequest, PagingError

MAX_IDS = 1000


def predicate(text: str, *, constant_only: bool = False) -> filters.Predicate:
    """The request's filter. Raises Refusal."""
    try:
        return filters.parse(text, constant_only=constant_only)
    except filters.FilterError as error:
        raise invalid("filter", str(error)) from None


def page_request(request: pb.ListSessionsRequest) -> PageRequest:
    """The request's page. Raises Refusal."""
    try:
        return PageRequest.parse(request.page_size, request.page_token, request.filter, request.order_by)
    except PagingError as error:
        raise invalid(error.field, error.problem) from None


def session_id(text: str, field: str = "id") -> str:
    """A session's id in its usual form. Raises Refusal for what is no UUID."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise_invalid(field, f"{text[:64]!r} is not a UUID; `householdctl sessions list` shows the ids")


def check_kill(request: pb.KillSessionsRequest) -> None:
    """Checks reason and selector. Raises Refusal."""
    check_reason(request.reason)
    ranges.spread(request.spread)
    if request.HasField("block_address"):
        ranges.block_duration(request.block_address, "block_address")
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
                raise_invalid("all", "has to be true where it is the selector")
        case None:
            raise_invalid("selector", "exactly one of ids, filter and all is needed")
