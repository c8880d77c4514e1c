"""Running a leak check from start to end, its errors explained."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from householdctl.client import Client
from householdctl.data_plane.find_server import environment_proxy, named_server, proxy_name, server_of
from householdctl.data_plane.leak_check import LeakReport, check_leaks
from householdctl.data_plane.no_session import OPEN_ERRORS, no_session
from householdctl.data_plane.server_url import DEFAULT_URL, OPEN_TIMEOUT_S, Server
from householdctl.exit_codes import CommandError

if TYPE_CHECKING:
    from pathlib import Path

    from household.v1.server_service_pb2 import Server as Daemon
    from householdctl.target import Target


def run_check(
    url: str | None,
    *,
    target: Target,
    target_named: bool = False,
    timeout: float = 5.0,
    open_timeout: float = OPEN_TIMEOUT_S,
    duration: float = 3.0,
    deadline: float = 10.0,
    insecure: bool = False,
    ca_file: Path | None = None,
) -> LeakReport:
    """Return the report on the server at ``url``, by default the one of the daemon at ``target``. Times are seconds.

    A control API at ``target`` is asked when it answers; when somebody named the target it has to.
    Raises CommandError when there is nothing to report: no such server, no TLS with it, a wrong URL.
    """
    server = named_server(url, insecure=insecure, ca_file=ca_file) if url is not None else None
    with Client(target, timeout) as client:
        daemon, problem = ask_daemon(client, must_answer=target_named)
        if server is None:
            server = default_server(daemon, target, insecure=insecure, ca_file=ca_file)
        server = replace(server, open_timeout_s=open_timeout)
        control = None if daemon is None else client
        try:
            report = asyncio.run(check_leaks(server, client=control, duration=duration, deadline=deadline))
        except OPEN_ERRORS as error:
            raise with_hint(no_session(server, error), problem if url is None else "") from error
    if proxy := environment_proxy(server):
        report.notes.append(f"the proxy {proxy_name(proxy)} was not used: it would have answered in the clients' place")
    return report


def ask_daemon(client: Client, *, must_answer: bool) -> tuple[Daemon | None, str]:
    """Return what a daemon says of itself, or None and why it says nothing.

    Raises CommandError for that where it ``must_answer``.
    """
    try:
        return client.get_server(), ""
    except CommandError as error:
        if must_answer:
            raise
        return None, error.message


def default_server(daemon: Daemon | None, target: Target, *, insecure: bool, ca_file: Path | None) -> Server:
    """Return the daemon's server, or that of ``make run`` where no daemon answers. Raises CommandError."""
    if daemon is None:
        return named_server(DEFAULT_URL, insecure=insecure, ca_file=ca_file)
    return server_of(daemon, target, insecure=insecure, ca_file=ca_file)


def with_hint(error: CommandError, problem: str) -> CommandError:
    """Return the error, with the reason why no daemon could be asked for its address where there is one."""
    if not problem:
        return error
    hints = (f"no daemon could be asked for its address: {problem}", "give the URL: https://HOST:PORT/")
    return CommandError(error.code, error.message, *hints)
