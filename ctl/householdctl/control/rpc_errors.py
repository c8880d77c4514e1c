"""Failed calls, explained."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, cast

import grpc

from householdctl.exit_codes import CommandError, ExitCode
from householdctl.failures import describe_failure
from householdctl.values.units import format_duration

if TYPE_CHECKING:
    from pathlib import Path

    from householdctl.control.target import Target

STATUS = "systemctl status householdd"

EMERGENCY_FILE_NAME = "emergency-stop"
"""Default name, in the directory of the control socket."""

_MAX_REASON_BYTES = 800

_EXIT_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: ExitCode.USAGE,
    grpc.StatusCode.OUT_OF_RANGE: ExitCode.USAGE,
    grpc.StatusCode.UNAVAILABLE: ExitCode.UNREACHABLE,
    grpc.StatusCode.NOT_FOUND: ExitCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED: ExitCode.DENIED,
    grpc.StatusCode.UNAUTHENTICATED: ExitCode.DENIED,
    grpc.StatusCode.FAILED_PRECONDITION: ExitCode.CONFLICT,
    grpc.StatusCode.ALREADY_EXISTS: ExitCode.CONFLICT,
    grpc.StatusCode.ABORTED: ExitCode.CONFLICT,
    grpc.StatusCode.DEADLINE_EXCEEDED: ExitCode.DEADLINE,
}


def explain(error: grpc.RpcError, target: Target, timeout: float) -> CommandError:
    """Return the daemon's message and details, or why it cannot be reached."""
    # Stubs raise errors that are calls, too.
    call = cast("grpc.Call", error)
    status = call.code()
    if status is grpc.StatusCode.UNAVAILABLE and (failure := target.failure()):
        return absent(target, failure)
    if status is grpc.StatusCode.DEADLINE_EXCEEDED:
        return too_late(target, timeout)
    message = call.details() or status.name
    if status is grpc.StatusCode.UNIMPLEMENTED:
        message = f"the daemon at {target.name} does not know this call; its version differs ({message})"
    elif status in {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL}:
        message = f"the daemon failed: {message} ({status.name}); see its log"
    # Details often repeat the message.
    details = [line for line in _details(call) if line not in message]
    return CommandError(_EXIT_CODES.get(status, ExitCode.FAILURE), message, *details)


def too_late(target: Target, timeout: float) -> CommandError:
    hints = ["wait longer: --timeout SECONDS"]
    if target.path is not None:
        hints.append(f"or check whether householdd starts: {STATUS}")
    return CommandError(ExitCode.DEADLINE, f"no answer from {target.name} within {format_duration(timeout)}", *hints)


def absent(target: Target, failure: OSError) -> CommandError:
    """Explain where, why, and what to type next."""
    reason = describe_failure(failure)
    if target.searched:
        message = f"no control socket of householdd: looked for {', '.join(map(str, target.searched))} ({reason})"
    else:
        message = f"householdd cannot be reached at {target.name}: {reason}"
    if target.path is None:
        return CommandError(ExitCode.UNREACHABLE, message)
    if stopped := _find_emergency(target.path):
        file, words = stopped
        return CommandError(
            ExitCode.UNREACHABLE,
            f"emergency stop: {words or 'the file gives no reason'}",
            f"to start again, remove {file}, then: systemctl start householdd",
            message,
        )
    if isinstance(failure, PermissionError):
        hints = ["become root, or join the group that owns the socket"]
    else:
        hints = [
            f"check its state: {STATUS}",
            "start it: systemctl start householdd, or in a checkout: make run",
        ]
    return CommandError(ExitCode.UNREACHABLE, message, *hints, "or name another socket: --target PATH")


def _find_emergency(socket_path: Path) -> tuple[Path, str] | None:
    """Return the file beside a control socket, and its reason, empty if unreadable.

    Links are not followed, pipes not waited for.
    """
    path = socket_path.parent / EMERGENCY_FILE_NAME
    try:
        path.lstat()
    except OSError:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return path, ""
    try:
        content = os.read(descriptor, _MAX_REASON_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)
    return path, content.partition(b"\n")[0].decode(errors="replace").strip()


def _details(call: grpc.Call) -> list[str]:
    from google.protobuf.message import DecodeError
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status

    try:
        status = rpc_status.from_call(call)
    except (ValueError, DecodeError) as error:
        return [f"(the error's details cannot be read: {error})"]
    lines: list[str] = []
    for detail in status.details if status else ():
        bad_request, info = error_details_pb2.BadRequest(), error_details_pb2.ErrorInfo()
        if detail.Unpack(bad_request):
            lines += [f"{violation.field}: {violation.description}" for violation in bad_request.field_violations]
        elif detail.Unpack(info):
            facts = ", ".join(f"{key}: {value}" for key, value in sorted(info.metadata.items()))
            lines.append(f"{info.reason} ({facts})" if facts else info.reason)
    return lines
