"""Running a test from start to end, its progress shown and its errors explained."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import uvloop
from rich.console import Console
from rich.live import Live

from household_scoring.report import RunReport, report
from household_scoring.requirements import shipped
from householdctl import terminal
from householdctl.data_plane import run_sharing
from householdctl.data_plane.find_server import named_server, proxy_name, through_proxy
from householdctl.data_plane.leak_run import ask_daemon, default_server, with_hint
from householdctl.data_plane.no_session import OPEN_ERRORS, no_session
from householdctl.data_plane.run import EndedEarlyError, Plan, Progress, play
from householdctl.data_plane.server_url import OPEN_TIMEOUT_S
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.views import test_run

if TYPE_CHECKING:
    from pathlib import Path

    from householdctl.data_plane.server_url import Server
    from householdctl.options import Options

MAX_MBPS = 300.0
"""What this client, which shares its machine's time with the measurement, can surely take."""


def run_test(
    url: str | None,
    *,
    duration: float,
    computer_mbps: float | None,
    warm_up: bool,
    share: bool,
    insecure: bool,
    ca_file: Path | None,
    token: str,
    options: Options,
) -> RunReport:
    """Plays the household for ``duration`` seconds of load and prints the report.

    Without ``url`` the server is the one of the daemon that ``options`` chooses.

    Without ``computer_mbps`` and with ``warm_up`` the Computer asks for what the line was found to carry.
    With ``share`` the server is asked to keep the run, and the address of what it then shows is a note.

    Raises CommandError when no household can be played there.
    """
    found, problem = _find_server(url, options, insecure=insecure, ca_file=ca_file)
    server = through_proxy(replace(found, token=token, open_timeout_s=options.given_timeout or OPEN_TIMEOUT_S))
    if server.proxy is not None:
        terminal.note(f"through the proxy {proxy_name(server.proxy)}, as the environment says: it is measured too")
    most = MAX_MBPS if computer_mbps is None else computer_mbps
    plan = Plan(server, duration, most, warm_up and computer_mbps is None, share)
    began: dict[str, dt.datetime] = {}

    def note(now: Progress) -> None:
        began.setdefault(now.phase, dt.datetime.now(dt.UTC))

    def display(now: Progress) -> None:
        note(now)
        live.update(test_run.progress(now), refresh=True)

    try:
        if options.for_people and sys.stderr.isatty():
            with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
                played = uvloop.run(play(plan, display))
        else:
            played = uvloop.run(play(plan, note))
    except EndedEarlyError as error:
        raise CommandError(ExitCode.FAILURE, f"the server ended the test: {error}") from None
    except OPEN_ERRORS as error:
        raise with_hint(no_session(server, error), problem) from error
    result = report(played.facts, shipped())
    link = run_sharing.permalink(server, played.answer["path"]) if played.answer.get("path") else None
    test_run.show(options, played, result, began, link)
    if link is not None:
        terminal.note(f"this run: {link}")
    elif played.answer.get("type") == "run_refused":
        reason = str(played.answer.get("reason"))
        terminal.note(f"this run was not kept: {run_sharing.REASONS.get(reason, reason)}")
    return result


def _find_server(url: str | None, options: Options, *, insecure: bool, ca_file: Path | None) -> tuple[Server, str]:
    """Return the server, and why no daemon could be asked for it where that was so."""
    if url is not None:
        if options.choice.on_command_line:
            terminal.note("--target and --context are not used: the URL says which server")
        return named_server(url, insecure=insecure, ca_file=ca_file), ""
    with options.connect() as client:
        daemon, problem = ask_daemon(client, must_answer=options.target_named)
    return default_server(daemon, options.target, insecure=insecure, ca_file=ca_file), problem
