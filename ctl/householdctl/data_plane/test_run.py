"""A test from start to end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import uvloop

from household_scoring.home_or_line import Location, added_delay, locate
from household_scoring.report import RunReport
from household_scoring.validity import MIN_LOADED_SAMPLES
from householdctl.data_plane import run_sharing
from householdctl.data_plane.find_server import (
    ask_daemon,
    default_server,
    named_server,
    proxy_name,
    through_proxy,
    with_hint,
)
from householdctl.data_plane.household import EndedEarlyError, Progress
from householdctl.data_plane.no_session import OPEN_ERRORS, no_session
from householdctl.data_plane.played import Played
from householdctl.data_plane.run import Plan, play
from householdctl.data_plane.server_url import OPEN_TIMEOUT_S
from householdctl.data_plane.stretches import MIN_LOAD_S, load_of
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.terminal import note
from householdctl.values.units import format_duration

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
    location: Location
    """Of the delay that the worst stretch adds: at home or on the line."""
    began: dict[str, dt.datetime]
    permalink: str | None
    """None if the server does not keep the run."""
    refusal: str

    @property
    def report(self) -> RunReport:
        """That of the worst stretch."""
        return self.played.worst.report


def run_test(
    url: str | None,
    *,
    duration: float | None,
    download_only: bool,
    computer_mbps: float | None,
    warm_up: bool,
    share: bool,
    insecure: bool,
    ca_file: Path | None,
    token: str,
    options: Options,
    tell: Callable[[Progress], None],
) -> TestRun:
    """Play the household for ``duration`` seconds of load in total.

    A duration that is too short for all stretches tests downloads only. Without ``computer_mbps`` and with ``warm_up``
    the Computer asks for the line's rate. ``tell`` is called four times a second. Raise CommandError if no household
    can be played.
    """
    found, problem = _find_server(url, options, insecure=insecure, ca_file=ca_file)
    server = through_proxy(replace(found, token=token, open_timeout_s=options.given_timeout or OPEN_TIMEOUT_S))
    if server.proxy is not None:
        note(f"using the proxy {proxy_name(server.proxy)} of the environment, which is measured too")
    most = MAX_MBPS if computer_mbps is None else computer_mbps
    short = download_only or _is_too_short(duration)
    plan = Plan(server, duration, short, most, warm_up and computer_mbps is None, share)
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
    if not (short or played.takes_backups):
        note("only downloads were tested: the server is older, and has no upload of the Computer")
    return TestRun(played, _location(played.worst.report, played.worst.gateway), began, link, refusal)


def _is_too_short(duration: float | None) -> bool:
    """Return whether each stretch would have too few pings for a verdict, and say so."""
    if duration is None or duration >= MIN_LOAD_S:
        return False
    stretch_s = load_of(duration, download_only=False).stretch_s
    note(
        f"only downloads are tested: {format_duration(duration)} leave {format_duration(stretch_s)} for each stretch,"
        f" too short for the {MIN_LOADED_SAMPLES} pings that a verdict needs; both directions take"
        f" {format_duration(MIN_LOAD_S)}"
    )
    return True


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
