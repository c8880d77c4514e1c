"""Messages from a page: one JSON object each."""

from __future__ import annotations

import uuid
from typing import Annotated

import grpc
import msgspec

from household.v1 import server_service_pb2, session_service_pb2
from householdd.api.convert import duration

MAX_IDS = 500
MAX_PAGE = 100

_Text = Annotated[str, msgspec.Meta(max_length=4000)]
_Reason = Annotated[str, msgspec.Meta(max_length=1000)]
"""Bound on what reaches the control API, which has its own limit for reasons."""

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class LogInOrder(msgspec.Struct, tag="login", tag_field="type", forbid_unknown_fields=True):
    """First message of a page."""

    token: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class ViewOrder(msgspec.Struct, tag="view", tag_field="type", forbid_unknown_fields=True, frozen=True):
    """Sets the sessions that the page shows; the fields are those of ListSessionsRequest."""

    filter: _Text = ""
    order_by: _Text = ""
    page_token: _Text = ""
    page_size: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = 50

    def request(self) -> session_service_pb2.ListSessionsRequest:
        return session_service_pb2.ListSessionsRequest(
            filter=self.filter, order_by=self.order_by, page_token=self.page_token, page_size=self.page_size
        )


class _Change(msgspec.Struct, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    id: uuid.UUID
    """Identifies the order to the page; request_id of the control API."""
    reason: _Reason = ""
    check_only: bool = False


class KillOrder(_Change, tag="kill", kw_only=True):
    """Ends sessions: those of ``ids``, or else all that match ``filter``."""

    ids: Annotated[list[str], msgspec.Meta(max_length=MAX_IDS)] = []
    filter: _Text = ""
    block: _Seconds = 0.0
    """Seconds for which their addresses are blocked; 0 for no block."""

    def request(self) -> session_service_pb2.KillSessionsRequest:
        request = session_service_pb2.KillSessionsRequest(
            reason=self.reason, request_id=str(self.id), validate_only=self.check_only
        )
        if self.ids:
            request.ids.ids.extend(self.ids)
        else:
            request.filter = self.filter
        if self.block:
            request.block_address.CopyFrom(duration(self.block))
        return request


class DrainOrder(_Change, tag="drain", kw_only=True):
    """Refuses new sessions."""

    deadline: _Seconds | None = None
    """Seconds until remaining sessions are closed; None for the drain timeout."""

    def request(self) -> server_service_pb2.DrainServerRequest:
        request = server_service_pb2.DrainServerRequest(
            reason=self.reason, request_id=str(self.id), validate_only=self.check_only
        )
        if self.deadline is not None:
            request.deadline.CopyFrom(duration(self.deadline))
        return request


class ResumeOrder(_Change, tag="resume", kw_only=True):
    """Accepts sessions again."""

    def request(self) -> server_service_pb2.ResumeServerRequest:
        return server_service_pb2.ResumeServerRequest(
            reason=self.reason, request_id=str(self.id), validate_only=self.check_only
        )


Change = KillOrder | DrainOrder | ResumeOrder
Order = LogInOrder | ViewOrder | KillOrder | DrainOrder | ResumeOrder

_decoder = msgspec.json.Decoder(Order)


class OrderError(ValueError):
    """A message is not a valid order; the error says why."""


def parse(data: str | bytes) -> Order:
    """Parse a message. Raise OrderError."""
    if isinstance(data, bytes):
        raise OrderError("messages are text")
    try:
        order: Order = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise OrderError(str(error)) from None
    return order


def failure(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """Describe an error of the control API for the page."""
    return {"code": error.code().name, "problem": error.details() or ""}
