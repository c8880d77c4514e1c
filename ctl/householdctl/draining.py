"""Beginning a drain and waiting for its end."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from household.v1.server_service_pb2 import ServerState
from householdctl import output
from householdctl.exits import CommandError, ExitCode
from householdctl.output import short_name
from householdctl.server_views import DRAIN_COLUMNS, drain_facts, seconds_to_drain_deadline
from householdctl.tables import Facts, Table
from householdctl.terminal import note
from householdctl.units import format_age, seconds

if TYPE_CHECKING:
    from rich.status import Status

    from household.v1.server_service_pb2 import Server, WatchDrainResponse
    from householdctl.client import Client
    from householdctl.options import Options
    from householdctl.several import Answers

# What the daemon may need, after the deadline, to close what is left.
GRACE_S = 10.0


def wait_for_all(options: Options, answers: Answers[Server]) -> None:
    """Waits for one daemon after the other, while all of them drain; a failure does not end the wait for the others.

    Raises CommandError when the only one fails.
    """
    for index, (target, server) in enumerate(list(answers.answers)):
        try:
            with options.connect(target) as client:
                answers.answers[index] = (target, wait(client, server))
        except CommandError as error:
            if not answers.several:
                raise
            answers.failures.append((target, error))


def show(options: Options, answers: Answers[Server]) -> None:
    """Prints what a drain or a resume has led to, at each daemon; ends as a partial failure when one did not do it."""
    servers = [answers.tag(target, server) for target, server in answers]
    if answers.several:
        document: object = {"servers": servers, "unreachable_targets": answers.unreachable}
        output.show(options, document, Table(answers.columns(DRAIN_COLUMNS), servers), lines=servers)
    else:
        output.show(options, answers.only, Facts(drain_facts(answers.only)))
    answers.warn()
    answers.finish()


def wait(client: Client, server: Server) -> Server:
    """Follows the drain until the last session has ended, with the count shown on a terminal; the daemon then.

    Raises CommandError when somebody ends the drain, and when sessions are left well after its deadline. Ctrl-C ends
    the waiting, not the drain, and says so.
    """
    patience = seconds_to_drain_deadline(server)
    status = _status() if sys.stderr.isatty() else nullcontext()
    left, ended = server.sessions, False
    try:
        with status as display:
            for message in client.watch_drain(None if patience is None else max(patience, 0) + GRACE_S):
                left, ended = message.sessions, message.state == ServerState.SERVER_STATE_SERVING
                if display:
                    display.update(_progress(message))
    except CommandError as error:
        if error.code is not ExitCode.DEADLINE:
            raise
        raise CommandError(error.code, f"{left} sessions are left after the drain's deadline") from None
    except KeyboardInterrupt:
        note(f"the drain goes on with {left} sessions; householdctl resume ends it")
        raise
    if ended:
        raise CommandError(ExitCode.CONFLICT, f"the drain was ended: {left} sessions go on")
    return client.get_server()


def _status() -> Status:
    from rich.console import Console

    return Console(stderr=True).status("draining")


def _progress(message: WatchDrainResponse) -> str:
    closing = f", the rest is closed in {format_age(seconds(message.left))}" if message.HasField("left") else ""
    return f"{short_name(ServerState, message.state).lower()}: {message.sessions} sessions{closing}"
