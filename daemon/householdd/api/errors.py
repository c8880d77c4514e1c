"""Errors of the control API, with ``google.rpc`` details."""

from __future__ import annotations

from typing import NoReturn

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "householdd"

MAX_REASON_LENGTH = 200
"""In characters."""


class Refusal(Exception):  # noqa: N818 - an answer to the caller, not a defect
    """Ends an RPC with ``code``, a sentence and details."""

    def __init__(self, code: grpc.StatusCode, message: str, *details: Message) -> None:
        self.code = code
        self.message = message
        self.details = details
        super().__init__(message)

    def status(self) -> grpc.Status:
        """Return the status as grpc sends it."""
        packed = []
        for detail in self.details:
            each = any_pb2.Any()
            each.Pack(detail)
            packed.append(each)
        number: int = self.code.value[0]
        return rpc_status.to_status(status_pb2.Status(code=number, message=self.message, details=packed))


def invalid(field: str, problem: str) -> Refusal:
    """``problem`` says what is allowed."""
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=problem)
    details = error_details_pb2.BadRequest(field_violations=[violation])
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"{field}: {problem}", details)


def not_found(kind: str, name: str) -> Refusal:
    details = error_details_pb2.ResourceInfo(resource_type=kind, resource_name=name)
    return Refusal(grpc.StatusCode.NOT_FOUND, f"{kind} {name} is not known", details)


def precondition(reason: str, message: str) -> Refusal:
    """``reason`` is in UPPER_SNAKE_CASE, for programs."""
    return Refusal(
        grpc.StatusCode.FAILED_PRECONDITION, message, error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN)
    )


def check_reason(reason: str) -> str:
    """Return a required reason, stripped. Raise Refusal."""
    stripped = reason.strip()
    if not 1 <= len(stripped) <= MAX_REASON_LENGTH:
        raise_invalid("reason", f"1 to {MAX_REASON_LENGTH} characters are needed, not {len(stripped)}")
    return stripped


def check_note(note: str) -> str:
    """Return an optional reason, stripped. Raise Refusal."""
    stripped = note.strip()
    if len(stripped) > MAX_REASON_LENGTH:
        raise_invalid("reason", f"at most {MAX_REASON_LENGTH} characters are allowed, not {len(stripped)}")
    return stripped


def raise_invalid(field: str, problem: str) -> NoReturn:
    raise invalid(field, problem)
