"""Running a test from start to end, its progress shown and its errors explained."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import uvloop
from rich.console import Console
from rich.live import Live
from websockets.exceptions import InvalidHandshake

from householdctl import terminal
from householdctl.household import sharing, views
from householdctl.household.run import Plan, Progress, play
from householdctl.leaks.run import named_server, no_session
from householdscore.report import RunReport, report
from householdscore.requirements import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from householdctl.options import Options

MOST_MBPS = 300.0
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
    """Plays the household against the server at ``url`` for ``duration`` seconds of load and prints the report.

    Without ``computer_mbps`` and with ``warm_up`` the Computer asks for what the line was found to carry.
    With ``share`` the server is asked to keep the run, and the address of what it then shows is a note.

    Raises CommandError when no household can be played there.
    """
    server = replace(named_server(url, insecure=insecure, ca_file=ca_file), token=token)
    most = MOST_MBPS if computer_mbps is None else computer_mbps
    plan = Plan(server, duration, most, warm_up and computer_mbps is None, share)
    began: dict[str, dt.datetime] = {}

    def note(now: Progress) -> None:
        began.setdefault(now.phase, dt.datetime.now(dt.UTC))

    def display(now: Progress) -> None:
        note(now)
        live.update(views.progress(now), refresh=True)

    try:
        if options.for_people and sys.stderr.isatty():
            with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
                played = uvloop.run(play(plan, display))
        else:
            played = uvloop.run(play(plan, note))
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise no_session(server, error) from error
    result = report(played.facts, shipped())
    link = sharing.permalink(server, played.answer["path"]) if played.answer.get("path") else None
    views.show(options, played, result, began, link)
    if link is not None:
        terminal.note(f"this run: {link}")
    elif played.answer.get("type") == "run_refused":
        reason = str(played.answer.get("reason"))
        terminal.note(f"this run was not kept: {sharing.REASONS.get(reason, reason)}")
    return result
