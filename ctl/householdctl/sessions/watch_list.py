"""Keeps the list of sessions up to date on a terminal."""

from __future__ import annotations

import shutil
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from householdctl.control.multi_target import TargetAnswers, gather
from householdctl.exit_codes import CommandError
from householdctl.output.formats import Format
from householdctl.output.tables import Table
from householdctl.sessions.list_sessions import missing, sessions_of
from householdctl.sessions.watch_events import print_events
from householdctl.views import sessions as session_views

if TYPE_CHECKING:
    from household.v1.session_service_pb2 import ListSessionsResponse
    from householdctl.control.client import Client
    from householdctl.control.options import Options

# Rates and ages change all the time.
_REFRESH_S = 1.0
# For opened and closed sessions.
_MIN_REFRESH_S = 0.25


def follow_list(options: Options, query: str, order_by: str, limit: int | None) -> None:
    """Update until Ctrl-C; without a terminal print events."""
    if not options.for_people or not sys.stdout.isatty():
        print_events(options if not options.for_people else _as_lines(options), query)
        return
    changed, console = threading.Event(), Console(highlight=False)
    with ExitStack() as stack:
        clients = [stack.enter_context(options.connect(target)) for target in options.targets]
        for client in clients:
            threading.Thread(target=_wake, args=(client, changed), daemon=True).start()
        live = stack.enter_context(Live(console=console, auto_refresh=False, vertical_overflow="crop"))
        while True:
            changed.clear()
            answers = gather(clients, lambda client: client.list_sessions(query, order_by, limit))
            live.update(_screen(options, answers, sessions_of(answers, order_by, limit)), refresh=True)
            if changed.wait(_MIN_REFRESH_S):
                continue
            changed.wait(_REFRESH_S - _MIN_REFRESH_S)


def _wake(client: Client, changed: threading.Event) -> None:
    # Updates are only less prompt.
    with suppress(CommandError):
        for _ in client.watch_sessions(""):
            changed.set()


def _screen(options: Options, answers: TargetAnswers[ListSessionsResponse], sessions: list[Any]) -> Group:
    size = shutil.get_terminal_size()
    table = Table(answers.columns(session_views.COLUMNS), sessions)
    wide = options.output is Format.WIDE
    lines = table.lines(wide=wide, headers=options.headers, width=size.columns)
    notes = [*(f"{target.name}: {error.message}" for target, error in answers.failures), *missing(answers)]
    total = sum(answer.total_size for _, answer in answers)
    room = max(size.lines - len(notes) - 2, 1)
    shown = min(len(lines), room) - options.headers
    footer = f"{total} sessions" if shown >= total else f"{shown} of {total} sessions"
    for line in lines:
        line.truncate(size.columns)
    return Group(
        *lines[:room],
        Text(f"{footer}; Ctrl-C ends this", style="dim"),
        *(Text(text, style="yellow") for text in notes),
    )


def _as_lines(options: Options) -> Options:
    return replace(options, output=Format.JSONL)
