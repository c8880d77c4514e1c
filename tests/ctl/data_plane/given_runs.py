"""Output of `householdctl test` for runs with given figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from household_scoring.home_or_line import GatewayPings
from household_scoring.measurements import RunFacts
from householdctl.data_plane.gateway import GatewayFacts
from householdctl.data_plane.played import Played, PlayedStretch

if TYPE_CHECKING:
    from household_scoring.directions import Stretch
    from tests.ctl.conftest import Cli

IDLE_MS, LOADED_MS = 20.0, 220.0
UNPINGED = GatewayFacts(obstacle="local_network")
RATES = {"wantedBps": 1e6, "gotBps": 1e6}


def facts(
    loaded_ms: float = LOADED_MS,
    idle_ms: float = IDLE_MS,
    rates: dict[str, float] = RATES,
    lost: int = 0,
    **circumstances: bool,
) -> RunFacts:
    """A household on a line that adds the same to all pings.

    ``rates`` are those of both directions of Alex, and ``lost`` pings of the probe were sent again.
    """
    alex: dict[str, Any] = {
        "who": "alex",
        "activity": "gaming",
        "roundTripsMs": [loaded_ms] * 120,
        "pingsSent": 120,
        "download": rates,
        "upload": rates,
        "kernelMs": [loaded_ms] * 240,
    }
    computer = alex | {"who": "computer", "activity": "bulk_transfer", "receiverLimited": 0.0}
    probe = {
        "idleMs": [idle_ms] * 100,
        "loadedMs": [loaded_ms] * 240,
        "loadedSent": 240 + lost,
        "repairedMs": [loaded_ms + 200] * lost,
        "kernelIdleMs": [idle_ms] * 25,
    }
    run = {"probe": probe, "people": [alex, computer], "loadS": 12.0, "circumstances": circumstances}
    return msgspec.convert(run, RunFacts, from_attributes=True)


def gateway(loaded_ms: float, count: int = 240) -> GatewayFacts:
    pings = GatewayPings((2.0,) * min(count, 100), 100, (loaded_ms,) * count, 240)
    return GatewayFacts("192.0.2.1", pings)


def stretch(
    run: RunFacts, name: Stretch = "download", pinged: GatewayFacts = UNPINGED, from_s: float = 9.0
) -> PlayedStretch:
    return PlayedStretch(name, run, pinged, from_s, from_s + run.load_s)


def played(*stretches: PlayedStretch, takes_backups: bool = True) -> Played:
    return Played(1_795_000_000.0, stretches, None, takes_backups, {}, {}, ())


def both_ways(*increases_ms: float) -> Played:
    """A run whose stretches add so much each."""
    names: tuple[Stretch, ...] = ("download", "upload", "both")
    return played(
        *(
            stretch(facts(IDLE_MS + added_ms), name, from_s=9.0 + 14.0 * place)
            for place, (name, added_ms) in enumerate(zip(names, increases_ms, strict=True))
        )
    )


def play(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, pinged: GatewayFacts, style: str, run: RunFacts | None = None
) -> Any:
    """The output of a run of one stretch with these figures."""
    return show(monkeypatch, cli, style, played(stretch(run or facts(), pinged=pinged)), "--download-only")


def show(monkeypatch: pytest.MonkeyPatch, cli: Cli, style: str, run: Played, *arguments: str) -> Any:
    """The output of a run."""

    async def given(*_: object) -> Played:
        return run

    monkeypatch.setattr("householdctl.data_plane.test_run.play", given)
    return cli("test", "https://192.0.2.9:8443/", "-o", style, *arguments)


def row(out: str, name: str) -> str:
    """The value beside a name."""
    (line,) = (line for line in out.splitlines() if line.startswith(f"{name}  "))
    return line.removeprefix(name).strip()
