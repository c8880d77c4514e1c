"""Waits for the end of a drain."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from household.v1.server_service_pb2 import ServerState
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output import printer
from householdctl.output.tables import Facts, Table
from householdctl.output.terminal import note
from householdctl.values.enums import short_name
from householdctl.values.units import format_age, seconds
from householdctl.views.server import DRAIN_COLUMNS, drain_facts, seconds_to_drain_deadline

if TYPE_CHECKING:
    from rich.status import Status

    from household.v1.server_service_pb2 import Server, WatchDrainResponse
    from householdctl.control.client import Client
    from householdctl.control.multi_target import TargetAnswers
    from householdctl.control.options import Options

GRACE_S = 10.0
"""Seconds after the deadline to close remaining sessions."""

NOTE_INTERVAL_S = 5.0
"""Seconds between notes without a terminal."""


def wait_for_all(options: Options, answers: TargetAnswers[Server]) -> None:
    """Wait for all drains; a failure does not end the wait for others.

    A --timeout bounds the whole wait. Raise CommandError if the only daemon fails.
    """
    give_up_at = None if options.given_timeout is None else time.monotonic() + options.given_timeout
    for index, (target, server) in enumerate(list(answers.answers)):
        try:
            with options.connect(target) as client:
                answers.answers[index] = (target, wait(client, server, give_up_at))
        except CommandError as error:
            if not answers.several:
                raise
            answers.failures.append((target, error))


def show(options: Options, answers: TargetAnswers[Server]) -> None:
    """Print the result; end as a partial failure if a daemon failed."""
    servers = [answers.tag(target, server) for target, server in answers]
    if answers.several:
        document: object = {"servers": servers, "unreachable_targets": answers.unreachable}
        printer.show(options, document, Table(answers.columns(DRAIN_COLUMNS), servers), lines=servers)
    else:
        printer.show(options, answers.only, Facts(drain_facts(answers.only)))
    answers.warn()
    answers.finish()


def wait(client: Client, server: Server, give_up_at: float | None = None) -> Server:
    """Wait with progress on stderr.

    Raise CommandError if the drain is ended, if sessions remain well after its deadline, and at ``give_up_at``, a
    monotonic time. The drain goes on after that, and after Ctrl-C.
    """
    until_deadline = seconds_to_drain_deadline(server)
    timeout = None if until_deadline is None else max(until_deadline, 0) + GRACE_S
    bounded = give_up_at is not None and (timeout is None or give_up_at - time.monotonic() < timeout)
    if give_up_at is not None and bounded:
        timeout = max(give_up_at - time.monotonic(), 0.0)
    left, ended = server.sessions, False
    try:
        with _status() if sys.stderr.isatty() else nullcontext() as display:
            show_progress = display.update if display else _DrainNotes().update
            for message in client.watch_drain(timeout):
                left, ended = message.sessions, message.state == ServerState.SERVER_STATE_SERVING
                show_progress(_progress(message))
    except CommandError as error:
        if error.code is not ExitCode.DEADLINE:
            raise
        if bounded:
            raise CommandError(
                error.code,
                f"the drain continues with {left} sessions after --timeout",
                "to end it: householdctl resume",
            ) from None
        raise CommandError(error.code, f"{left} sessions are left after the drain's deadline") from None
    except KeyboardInterrupt:
        note(f"the drain continues with {left} sessions; to end it: householdctl resume")
        raise
    if ended:
        raise CommandError(ExitCode.CONFLICT, f"the drain was ended: {left} sessions continue")
    return client.get_server()


class _DrainNotes:
    """Progress without a terminal."""

    def __init__(self) -> None:
        self._noted_at = float("-inf")

    def update(self, progress: str) -> None:
        if time.monotonic() - self._noted_at >= NOTE_INTERVAL_S:
            self._noted_at = time.monotonic()
            note(progress)


def _status() -> Status:
    from rich.console import Console

    return Console(stderr=True).status("draining")


def _progress(message: WatchDrainResponse) -> str:
    closing = f", the rest is closed in {format_age(seconds(message.left))}" if message.HasField("left") else ""
    return f"{short_name(ServerState, message.state).lower()}: {message.sessions} sessions{closing}"
