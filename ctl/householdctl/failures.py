"""Reasons of failures in plain words, without errno and Python names."""

from __future__ import annotations

import errno
import re
import socket

from householdctl.exit_codes import CommandError

_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.ECONNREFUSED: "connection refused; nothing listens there",
    errno.ECONNRESET: "the connection was closed",
    errno.EPIPE: "the connection was closed",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTSOCK: "not a socket",
    errno.EPROTOTYPE: "not a socket",
    errno.ENETUNREACH: "no route to that network",
    errno.EHOSTUNREACH: "no route to that host",
    errno.ETIMEDOUT: "no answer",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is too large",
    errno.EBADF: "it is not open",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
}
# asyncio has its own texts: "[Errno 111] Connect call failed (...)", repeated for each address of a name. Errors with
# several of them have no errno attribute.
_NUMBER = re.compile(r"\[Errno (\d+)\]")


def describe_failure(error: BaseException) -> str:
    """Return the reason of a failure in a few words."""
    if isinstance(error, CommandError):
        return error.message
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, socket.gaierror):
        return f"unknown host name ({(error.strerror or 'no address').lower()})"
    if isinstance(error, OSError):
        return _system_words(error)
    return str(error).partition("\n")[0].strip() or _spelled_out(type(error))


def _system_words(error: OSError) -> str:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {getattr(error, 'verify_message', '') or 'not verified'}"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or str(error) or "the handshake failed"
        return f"TLS: {reason.lower().replace('_', ' ')}"
    numbers = [error.errno] if error.errno else [int(number) for number in _NUMBER.findall(str(error))]
    known = [_REASONS[number] for number in numbers if number in _REASONS]
    if known:
        return ", ".join(dict.fromkeys(known))
    return error.strerror or str(error).partition("\n")[0].strip() or _spelled_out(type(error))


def _spelled_out(kind: type[BaseException]) -> str:
    """Return ``connection reset`` for ConnectionResetError."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__.removesuffix("Error")).lower() or "unknown error"
