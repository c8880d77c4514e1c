"""Running a leak check from start to end, its errors explained."""

from __future__ import annotations

import asyncio
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from websockets.exceptions import InvalidHandshake, InvalidStatus

from householdctl.client import Client
from householdctl.exits import CommandError, ExitCode
from householdctl.leaks.check import LeakReport, check_leaks
from householdctl.leaks.url import DEFAULT_URL, Server, server_at

if TYPE_CHECKING:
    from pathlib import Path

    from householdctl.target import Target

_MOST_WORDS = 300
"""Bytes of a server's refusal that are shown."""


def run_check(
    url: str | None,
    *,
    target: Target,
    target_named: bool = False,
    timeout: float = 5.0,
    duration: float = 3.0,
    deadline: float = 10.0,
    insecure: bool = False,
    ca_file: Path | None = None,
) -> LeakReport:
    """The report on the server at ``url``, by default the one of this machine. All times are in seconds.

    A control API at ``target`` is asked when it answers; when somebody named the target it has to.
    Raises CommandError when there is nothing to report: no such server, no TLS with it, a wrong URL.
    """
    server = named_server(url, insecure=insecure, ca_file=ca_file)
    with Client(target, timeout) as client:
        try:
            client.get_server()
            control = client
        except CommandError:
            if target_named:
                raise
            control = None
        try:
            return asyncio.run(check_leaks(server, client=control, duration=duration, deadline=deadline))
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise no_session(server, error) from error


def named_server(url: str | None, *, insecure: bool, ca_file: Path | None) -> Server:
    """The server of a URL that somebody typed, or of this machine. Raises CommandError."""
    try:
        return server_at(url or DEFAULT_URL, insecure=insecure, ca_file=ca_file)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from None
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"--ca {ca_file}: {error.strerror or error}") from None


def no_session(server: Server, error: Exception) -> CommandError:
    """Why no session could be opened, and what to try."""
    where = f"no session at {server.websocket_url}"
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"its certificate is not trusted: {error.verify_message}"
        return CommandError(
            ExitCode.UNREACHABLE, f"{where}: {reason}", "trust its authority: --ca FILE, or any certificate: --insecure"
        )
    if isinstance(error, InvalidStatus):
        response = error.response
        path = urlsplit(server.websocket_url).path
        hints = {
            HTTPStatus.NOT_FOUND: f"is {path} the right path?",
            HTTPStatus.UNAUTHORIZED: "householdctl test takes a token by --token",
        }
        hint = hints.get(HTTPStatus(response.status_code), "see householdctl health")
        answer = f"{response.status_code} {response.reason_phrase}"
        words = (response.body or b"")[:_MOST_WORDS].decode(errors="replace").strip()
        # Words of a server that may be anybody's, on a terminal.
        answer += f": {words}" if words.isprintable() and words else ""
        return CommandError(ExitCode.FAILURE, f"{where}: the server answered {answer}", hint)
    if isinstance(error, TimeoutError):
        return CommandError(ExitCode.UNREACHABLE, f"{where}: no answer in time")
    return CommandError(ExitCode.UNREACHABLE, f"{where}: {error}")
