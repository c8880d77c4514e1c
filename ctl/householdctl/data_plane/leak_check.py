"""Leak check: open a household, abort, and wait until the server has released it."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from householdctl.data_plane.held_resources import ControlHeldResources, Count, HeldResources, StatsHeldResources
from householdctl.data_plane.leak_clients import WHO, LeakClient, join, live, vanish
from householdctl.exit_codes import CommandError
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from householdctl.control.client import Client
    from householdctl.data_plane.server_url import Server

_POLL_INTERVAL_S = 0.25
# Until the control API lists new sessions, with a wide margin.
_RECOGNISE_AFTER_S = 1.0
# Time without bytes after which traffic has ended.
_STILL_FOR_S = 1.0

_COUNT_ERRORS = (OSError, ValueError, CommandError)


@dataclass
class LeakReport:
    """Without a ``census``, the source of the counts, nothing is verified."""

    url: str
    test_id: str
    sessions_created: int = 0
    sessions_disconnected: int = 0
    connection_tests_passed: int = 0
    received_bytes: int = 0
    census: str = ""
    cleanup_verified: bool = False
    cleanup_seconds: float | None = None
    """None if something is left."""
    leaks_detected: int = 0
    """Sessions left, or 1 if only traffic is left."""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the household ran, was cut off, and left nothing."""
        return self.cleanup_verified and not self.leaks_detected and not self.problems


async def check_leaks(server: Server, *, client: Client | None, duration: float, deadline: float) -> LeakReport:
    """Run a household of four for ``duration`` seconds, cut it off, and wait for ``deadline`` seconds.

    Without ``client``, or if it is another daemon's, count by the public statistics. Raise the first connection's
    error if none could be opened.
    """
    test_id = f"{secrets.randbelow(10**10):010}"
    report = LeakReport(server.websocket_url, test_id)
    stats = StatsHeldResources(server)
    try:
        await stats.begin()
    except _COUNT_ERRORS as error:
        no_stats = f"public statistics: {describe_failure(error)}"
    else:
        no_stats = ""
    control = ControlHeldResources(client, test_id) if client else None

    members = await _open(server, test_id, report)
    try:
        known, *_ = await asyncio.gather(
            _recognise(control, members, min(duration / 2, _RECOGNISE_AFTER_S), report),
            *(live(member, duration) for member in members),
        )
    finally:
        cut = await asyncio.gather(*(vanish(member) for member in members))
        cut_at = time.monotonic()
    report.sessions_disconnected = sum(cut)
    _note_traffic(members, report)

    if control is not None and known:
        await _verify(control, report, cut_at, deadline)
    elif no_stats:
        report.problems.append(f"cannot check what is left: the control API has no counts; {no_stats}")
    else:
        if stats.others:
            report.notes.append(f"{stats.others} other sessions were live, so only sessions are counted, not traffic")
        await _verify(stats, report, cut_at, deadline)
    return report


async def _recognise(
    control: ControlHeldResources | None, members: list[LeakClient], delay: float, report: LeakReport
) -> bool:
    """Return whether the control API belongs to the server."""
    if control is None:
        return False
    await asyncio.sleep(delay)
    try:
        known = await control.recognise()
    except CommandError as error:
        report.problems.append(f"{control.name}: {error.message}")
        return False
    if not known and not all(member.ended_early for member in members):
        report.notes.append("the control API does not know this household; it belongs to another daemon")
    return bool(known)


async def _open(server: Server, test_id: str, report: LeakReport) -> list[LeakClient]:
    outcomes = await asyncio.gather(*(join(server, who, test_id) for who in WHO), return_exceptions=True)
    members = [outcome for outcome in outcomes if isinstance(outcome, LeakClient)]
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if not members:
        raise errors[0]
    report.sessions_created = len(members)
    report.problems += [f"a session could not be opened: {describe_failure(error)}" for error in errors]
    return members


def _note_traffic(members: list[LeakClient], report: LeakReport) -> None:
    for member in members:
        report.received_bytes += member.received_bytes
        report.connection_tests_passed += member.tests_passed
        if member.ended_early:
            report.problems.append(f"{member.who}: {member.ended_early}")
        elif not member.received_bytes:
            report.problems.append(f"{member.who}: received no payload, so its end proves nothing")


async def _verify(census: HeldResources, report: LeakReport, cut_at: float, deadline: float) -> None:
    """Count until nothing is left or sent, or the deadline has passed."""
    report.census = census.name
    before: Count | None = None
    still_since = cut_at
    while True:
        try:
            now = await census.count()
        except _COUNT_ERRORS as error:
            report.problems.append(f"{census.name}: {describe_failure(error)}")
            return
        moment = time.monotonic()
        if before is None or now.sessions or not now.same_traffic(before):
            still_since = moment
        if moment - still_since >= _STILL_FOR_S:
            report.cleanup_verified = True
            report.cleanup_seconds = round(still_since - cut_at, 3)
            return
        if moment - cut_at > deadline + _STILL_FOR_S:
            report.leaks_detected = max(1, now.sessions)
            what = f"{now.sessions} sessions are left" if now.sessions else "traffic continues without a session"
            report.problems.append(f"{deadline:g} s after the cut {what}")
            return
        before = now
        await asyncio.sleep(_POLL_INTERVAL_S)
