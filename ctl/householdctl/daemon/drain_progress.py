"""Beginning a drain and waiting for its end."""

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

# What the daemon may need, after the deadline, to close what is left.
GRACE_S = 10.0

# Least time between two lines of progress where stderr is no terminal.
NOTE_INTERVAL_S = 5.0


def wait_for_all(options: Options, answers: TargetAnswers[Server]) -> None:
    """Waits for one daemon after the other, while all of them drain; a failure does not end the wait for the others.

    Raises CommandError when the only one fails. A --timeout bounds the wait for all of them together.
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
    """Prints what a drain or a resume has led to, at each daemon; ends as a partial failure when one did not do it."""
    servers = [answers.tag(target, server) for target, server in answers]
    if answers.several:
        document: object = {"servers": servers, "unreachable_targets": answers.unreachable}
        printer.show(options, document, Table(answers.columns(DRAIN_COLUMNS), servers), lines=servers)
    else:
        printer.show(options, answers.only, Facts(drain_facts(answers.only)))
    answers.warn()
    answers.finish()


def wait(client: Client, server: Server, give_up_at: float | None = None) -> Server:
    """Follows the drain until the last session has ended, with progress on stderr; the daemon then.

    Raises CommandError when the drain is ended, when sessions are left well after its deadline, and at ``give_up_at``,
    a monotonic time. That and Ctrl-C end the waiting, not the drain, and say so.
    """
    until_deadline = seconds_to_drain_deadline(server)
    patience = None if until_deadline is None else max(until_deadline, 0) + GRACE_S
    bounded = give_up_at is not None and (patience is None or give_up_at - time.monotonic() < patience)
    if give_up_at is not None and bounded:
        patience = max(give_up_at - time.monotonic(), 0.0)
    left, ended = server.sessions, False
    try:
        with _status() if sys.stderr.isatty() else nullcontext() as display:
            show_progress = display.update if display else _DrainNotes().update
            for message in client.watch_drain(patience):
                left, ended = message.sessions, message.state == ServerState.SERVER_STATE_SERVING
                show_progress(_progress(message))
    except CommandError as error:
        if error.code is not ExitCode.DEADLINE:
            raise
        if bounded:
            raise CommandError(
                error.code, f"the drain goes on with {left} sessions after --timeout", "householdctl resume ends it"
            ) from None
        raise CommandError(error.code, f"{left} sessions are left after the drain's deadline") from None
    except KeyboardInterrupt:
        note(f"the drain goes on with {left} sessions; householdctl resume ends it")
        raise
    if ended:
        raise CommandError(ExitCode.CONFLICT, f"the drain was ended: {left} sessions go on")
    return client.get_server()


class _DrainNotes:
    """Progress as lines, where stderr is no terminal."""

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
