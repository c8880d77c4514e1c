"""A test from start to end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import uvloop

from household_scoring.home_or_line import Location, added_delay, locate
from household_scoring.report import RunReport, report
from household_scoring.requirements import shipped
from householdctl.data_plane import run_sharing
from householdctl.data_plane.find_server import (
    ask_daemon,
    default_server,
    named_server,
    proxy_name,
    through_proxy,
    with_hint,
)
from householdctl.data_plane.no_session import OPEN_ERRORS, no_session
from householdctl.data_plane.run import EndedEarlyError, Plan, Played, Progress, play
from householdctl.data_plane.server_url import OPEN_TIMEOUT_S
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.terminal import note

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from householdctl.control.options import Options
    from householdctl.data_plane.gateway import GatewayFacts
    from householdctl.data_plane.server_url import Server

MAX_MBPS = 300.0
"""Rate that this client takes while it measures on the same machine."""


@dataclass(frozen=True)
class TestRun:
    """A finished test."""

    played: Played
    report: RunReport
    location: Location
    """Of the delay that the load adds: at home or on the line."""
    began: dict[str, dt.datetime]
    permalink: str | None
    """None if the server does not keep the run."""
    refusal: str


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
    tell: Callable[[Progress], None],
) -> TestRun:
    """Play the household for ``duration`` seconds of load.

    Without ``computer_mbps`` and with ``warm_up`` the Computer asks for the line's rate. ``tell`` is called four times
    a second. Raise CommandError if no household can be played.
    """
    found, problem = _find_server(url, options, insecure=insecure, ca_file=ca_file)
    server = through_proxy(replace(found, token=token, open_timeout_s=options.given_timeout or OPEN_TIMEOUT_S))
    if server.proxy is not None:
        note(f"using the proxy {proxy_name(server.proxy)} of the environment, which is measured too")
    most = MAX_MBPS if computer_mbps is None else computer_mbps
    plan = Plan(server, duration, most, warm_up and computer_mbps is None, share)
    began: dict[str, dt.datetime] = {}

    def tell_and_time(now: Progress) -> None:
        began.setdefault(now.phase, dt.datetime.now(dt.UTC))
        tell(now)

    try:
        played = uvloop.run(play(plan, tell_and_time))
    except EndedEarlyError as error:
        raise CommandError(ExitCode.FAILURE, f"the server ended the test: {error}") from None
    except OPEN_ERRORS as error:
        raise with_hint(no_session(server, error), problem) from error
    link = run_sharing.permalink(server, played.answer["path"]) if played.answer.get("path") else None
    refusal = ""
    if link is None and played.answer.get("type") == "run_refused":
        reason = str(played.answer.get("reason"))
        refusal = run_sharing.REASONS.get(reason, reason)
    concluded = report(played.facts, shipped())
    return TestRun(played, concluded, _location(concluded, played.gateway), began, link, refusal)


def _location(concluded: RunReport, gateway: GatewayFacts) -> Location:
    if gateway.pings is None:
        return Location("unknown", gateway.obstacle)
    return locate(added_delay(concluded), gateway.pings)


def _find_server(url: str | None, options: Options, *, insecure: bool, ca_file: Path | None) -> tuple[Server, str]:
    """Return the server, and the error of a daemon that could not be asked."""
    if url is not None:
        if options.choice.on_command_line:
            note("--target and --context are not used: the URL names the server")
        return named_server(url, insecure=insecure, ca_file=ca_file), ""
    with options.connect() as client:
        daemon, problem = ask_daemon(client, must_answer=options.target_named)
    return default_server(daemon, options.target, insecure=insecure, ca_file=ca_file), problem
