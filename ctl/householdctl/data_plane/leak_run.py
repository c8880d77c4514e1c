"""A leak check from start to end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from householdctl.control.client import Client
from householdctl.data_plane.find_server import (
    ask_daemon,
    default_server,
    environment_proxy,
    named_server,
    proxy_name,
    with_hint,
)
from householdctl.data_plane.leak_check import LeakReport, check_leaks
from householdctl.data_plane.no_session import OPEN_ERRORS, no_session
from householdctl.data_plane.server_url import OPEN_TIMEOUT_S

if TYPE_CHECKING:
    from pathlib import Path

    from householdctl.control.target import Target


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
    """Check the server at ``url``, by default the daemon's. Times are in seconds.

    A control API that was named must answer. Raise CommandError if no session can be opened.
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
        report.notes.append(f"the proxy {proxy_name(proxy)} was not used: it would answer in place of the clients")
    return report
