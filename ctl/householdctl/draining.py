"""Beginning a drain and waiting for its end."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from google.protobuf.duration_pb2 import Duration
from rich.console import Console

from household.v1.server_service_pb2 import ServerState
from householdctl import output
from householdctl.exits import CommandError, ExitCode
from householdctl.output import short_name
from householdctl.server_views import DRAIN_COLUMNS, drain_facts, seconds_to_drain_deadline
from householdctl.tables import Facts, Table
from householdctl.units import format_age

if TYPE_CHECKING:
    from household.v1.server_service_pb2 import Server
    from householdctl.client import Client
    from householdctl.options import Options
    from householdctl.several import Answers

POLL_INTERVAL_S = 0.25
# What the daemon may need, after the deadline, to close what is left.
GRACE_S = 10.0


def begin(client: Client, reason: str, deadline: float | None) -> Server:
    """Starts a drain; ``deadline`` is in seconds, None is the daemon's own."""
    duration = None
    if deadline is not None:
        duration = Duration()
        duration.FromNanoseconds(round(deadline * 1e9))
    return client.drain(reason, duration)


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
    """Polls until the last session has ended, with the count shown on a terminal.

    Raises CommandError when somebody ends the drain, and when sessions are left well after its deadline.
    """
    patience = seconds_to_drain_deadline(server)
    give_up_at = None if patience is None else time.monotonic() + patience + GRACE_S
    status = Console(stderr=True).status("draining") if sys.stderr.isatty() else nullcontext()
    with status as display:
        while server.sessions:
            if server.state == ServerState.SERVER_STATE_SERVING:
                raise CommandError(ExitCode.CONFLICT, f"the drain was ended: {server.sessions} sessions go on")
            if give_up_at is not None and time.monotonic() > give_up_at:
                raise CommandError(ExitCode.DEADLINE, f"{server.sessions} sessions are left after the drain's deadline")
            if display:
                left = seconds_to_drain_deadline(server)
                closing = "" if left is None else f", the rest is closed in {format_age(max(left, 0))}"
                display.update(f"{short_name(ServerState, server.state).lower()}: {server.sessions} sessions{closing}")
            time.sleep(POLL_INTERVAL_S)
            server = client.get_server()
    return server
