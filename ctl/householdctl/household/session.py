"""Running a test from start to end, its progress shown and its errors explained."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import uvloop
from rich.console import Console
from rich.live import Live
from websockets.exceptions import InvalidHandshake

from householdctl.household import views
from householdctl.household.run import Plan, Progress, play
from householdctl.leaks.run import named_server, no_session
from householdscore.report import RunReport, report
from householdscore.requirements import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from householdctl.options import Options


def run_test(
    url: str | None, *, duration: float, computer_mbps: float, insecure: bool, ca_file: Path | None, options: Options
) -> RunReport:
    """Plays the household against the server at ``url`` for ``duration`` seconds of load and prints the report.

    Raises CommandError when no household can be played there.
    """
    server = named_server(url, insecure=insecure, ca_file=ca_file)
    plan = Plan(server, duration, computer_mbps)
    began: dict[str, dt.datetime] = {}

    def note(now: Progress) -> None:
        began.setdefault(now.phase, dt.datetime.now(dt.UTC))

    def display(now: Progress) -> None:
        note(now)
        live.update(views.progress(now), refresh=True)

    try:
        if options.for_people and sys.stderr.isatty():
            with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
                facts = uvloop.run(play(plan, display))
        else:
            facts = uvloop.run(play(plan, note))
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise no_session(server, error) from error
    result = report(facts, shipped())
    views.show(options, facts, result, began)
    return result
