"""Whole households in one process, played by the client of ``householdctl test``."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.cores import cpu_seconds
from householdctl.data_plane.household import PERSON_PINGS_PER_S, PROBE_PINGS_PER_S, PROBES, WHO
from householdctl.data_plane.member import HouseholdMember, join
from householdctl.data_plane.server_url import Server
from householdd.config.profiles import read_profiles

CHECK_S = 0.02
"""Interval of the timer whose lateness is that of the clients, in seconds."""

SETTLE_S = 2.0
"""Pause after the last session opened, longer than metrics are old."""

METRICS_AGE_S = 1.0


@dataclass(frozen=True)
class Subject:
    """A running server."""

    server: Server
    pids: Sequence[int]
    """Its processes; the first carries the sessions."""
    ticks: Callable[[], tuple[float, float]]
    """Returns all payload portions so far, and the late ones."""


@dataclass(frozen=True)
class Played:
    """What some seconds of households came to."""

    cpu: tuple[float, ...]
    """CPU seconds per second of each process."""
    late: float
    """Late portions, as a part of all."""
    off: float
    """Greatest difference of a person's download rate from what the profile says, as a part of that."""
    lag: float
    """Greatest lateness of the clients' own timer, in seconds."""


async def play(subject: Subject, count: int, computer_mbps: float, seconds: float) -> Played:
    """Open ``count`` households and measure ``seconds`` of them. Raise SystemExit if a session ends."""
    tasks: list[asyncio.Task[None]] = []
    members: list[HouseholdMember] = []
    try:
        for _ in range(count):
            for place, member in enumerate(await _household(subject.server, computer_mbps)):
                members.append(member)
                person = member.who in WHO
                hertz = PERSON_PINGS_PER_S if person else PROBE_PINGS_PER_S / PROBES
                works = member.read(), member.ping(hertz, 0.0 if person else place / PROBES), member.upload()
                tasks += map(asyncio.create_task, works)
        await asyncio.sleep(SETTLE_S)
        all_before, late_before = await asyncio.to_thread(subject.ticks)
        people = [member for member in members if member.who in WHO]
        received, cpu, began = [member.received_bytes for member in people], _cpu(subject), time.monotonic()
        lag = await _lag(seconds)
        elapsed = time.monotonic() - began
        used = tuple((after - before) / elapsed for after, before in zip(_cpu(subject), cpu, strict=True))
        off = max(
            abs((member.received_bytes - before) * 8 / elapsed / _rate(member.who, computer_mbps) - 1)
            for member, before in zip(people, received, strict=True)
        )
        await asyncio.sleep(METRICS_AGE_S)
        all_after, late_after = await asyncio.to_thread(subject.ticks)
        if ended := [member for member in members if member.ended]:
            raise SystemExit(f"the session of {ended[0].who} was ended: {ended[0].ended}")
        return Played(used, (late_after - late_before) / max(all_after - all_before, 1), off, lag)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for member in members:
            member.connection.transport.abort()


async def _household(server: Server, computer_mbps: float) -> list[HouseholdMember]:
    test_id = secrets.token_hex(4)
    wish = f"&throughput={computer_mbps:g}"
    return [await join(server, who, test_id, wish if who == "computer" else "") for who in ("probe",) * PROBES + WHO]


def _cpu(subject: Subject) -> list[float]:
    return list(map(cpu_seconds, subject.pids))


def _rate(who: str, computer_mbps: float) -> float:
    mean: float = read_profiles(None).by_key[who].download.shape().mean_bps
    return min(mean, computer_mbps * 1e6) if who == "computer" else mean


async def _lag(seconds: float) -> float:
    """Wait; return the greatest lateness of a timer meanwhile."""
    end, worst = time.monotonic() + seconds, 0.0
    while (now := time.monotonic()) < end:
        due = min(now + CHECK_S, end)
        await asyncio.sleep(due - now)
        worst = max(worst, time.monotonic() - due)
    return worst
