"""Prints session events as one stream."""

from __future__ import annotations

import os
import queue
import select
import stat
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import typer

from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output import printer
from householdctl.output.formats import Format
from householdctl.output.serialize import Tagged
from householdctl.output.terminal import warn
from householdctl.views import sessions as session_views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from household.v1.session_service_pb2 import WatchSessionsResponse
    from householdctl.control.client import Client
    from householdctl.control.options import Options


def print_events(options: Options, query: str) -> None:
    """Print until every daemon has ended its stream.

    Raise CommandError if all failed; end as a partial failure if some did.
    """
    _end_with_the_reader()
    several = len(options.targets) > 1
    events = _merged(options, query) if several else _of_one(options, query)
    if options.output is Format.CSV:
        printer.print_csv(events, headers=options.headers)
        return
    for event in events:
        if not options.for_people:
            printer.print_json_line(event)
        elif isinstance(event, Tagged):
            printer.print_line(f"{event.target}  {session_views.event_line(event.message)}")
        else:
            printer.print_line(session_views.event_line(event))


def _end_with_the_reader() -> None:
    """End when the pipe's reader has ended, as in ``| head``.

    Loses nothing, since each event is flushed.
    """
    descriptor = sys.stdout.fileno()
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return

    def wait() -> None:
        # A pipe without a reader has an error, which poll() always reports.
        poll = select.poll()
        poll.register(descriptor, 0)
        poll.poll()
        os._exit(ExitCode.FAILURE)

    threading.Thread(target=wait, daemon=True).start()


def _of_one(options: Options, query: str) -> Iterator[WatchSessionsResponse]:
    with options.connect() as client:
        yield from client.watch_sessions(query)


def _merged(options: Options, query: str) -> Iterator[Tagged]:
    # Bounded: a fast daemon waits instead of filling the memory.
    waiting: queue.Queue[Tagged | tuple[str, CommandError | None]] = queue.Queue(1000)

    def follow(name: str, client: Client) -> None:
        ended: CommandError | None = None
        try:
            for message in client.watch_sessions(query):
                waiting.put(Tagged(name, message))
        except CommandError as error:
            ended = error
        waiting.put((name, ended))

    failures: list[CommandError] = []
    with ExitStack() as stack:
        for target in options.targets:
            client = stack.enter_context(options.connect(target))
            threading.Thread(target=follow, args=(target.name, client), daemon=True).start()
        left = len(options.targets)
        while left:
            event = waiting.get()
            if isinstance(event, Tagged):
                yield event
                continue
            left -= 1
            name, error = event
            warn(f"{name}: {error.message if error else 'the daemon ended the stream'}")
            failures += [error] if error else []
    if failures:
        raise failures[0] if len(failures) == len(options.targets) else typer.Exit(ExitCode.PARTIAL)
