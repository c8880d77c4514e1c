"""What `householdctl test` says of the side that adds delay, of runs with given round trips."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from household_scoring.home_or_line import GatewayPings, Place, Reason
from household_scoring.measurements import RunFacts
from householdctl.data_plane.gateway import GatewayFacts
from householdctl.data_plane.run import Played
from householdctl.views.verdict_text import NOT_LOCATED, PLACES

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli

IDLE_MS, LOADED_MS = 20.0, 220.0
RATES = {"wantedBps": 1e6, "gotBps": 1e6}


def facts(loaded_ms: float = LOADED_MS, **circumstances: bool) -> RunFacts:
    """A household on a line that adds the same to all pings."""
    alex: dict[str, Any] = {
        "who": "alex",
        "activity": "gaming",
        "roundTripsMs": [loaded_ms] * 120,
        "pingsSent": 120,
        "download": RATES,
        "upload": RATES,
        "kernelMs": [loaded_ms] * 240,
    }
    computer = alex | {"who": "computer", "activity": "bulk_transfer", "receiverLimited": 0.0}
    probe = {
        "idleMs": [IDLE_MS] * 100,
        "loadedMs": [loaded_ms] * 240,
        "loadedSent": 240,
        "kernelIdleMs": [IDLE_MS] * 25,
    }
    run = {"probe": probe, "people": [alex, computer], "loadS": 12.0, "circumstances": circumstances}
    return msgspec.convert(run, RunFacts, from_attributes=True)


def gateway(loaded_ms: float, count: int = 240) -> GatewayFacts:
    pings = GatewayPings((2.0,) * min(count, 100), 100, (loaded_ms,) * count, 240)
    return GatewayFacts("192.0.2.1", pings)


def play(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, pinged: GatewayFacts, style: str, run: RunFacts | None = None
) -> Any:
    """The output of a run with these figures."""

    async def played(*_: object) -> Played:
        return Played(run or facts(), None, {}, {}, (), pinged)

    monkeypatch.setattr("householdctl.data_plane.test_run.play", played)
    return cli("test", "https://192.0.2.9:8443/", "-o", style)


def row(out: str, name: str) -> str:
    """The value beside a name."""
    (line,) = (line for line in out.splitlines() if line.startswith(f"{name}  "))
    return line.removeprefix(name).strip()


@pytest.mark.parametrize(
    ("loaded_ms", "added", "place", "cause"),
    [
        (202.0, "200.0 ms", "the Wi-Fi or home network, up to the gateway", "the Wi-Fi or home network"),
        (3.0, "1.0 ms", "the line, beyond the gateway", "the line"),
        (
            102.0,
            "100.0 ms",
            "both the Wi-Fi or home network and the line beyond the gateway",
            "the Wi-Fi or home network, and the line",
        ),
    ],
)
def test_people_are_told_which_side_it_is(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, loaded_ms: float, added: str, place: str, cause: str
) -> None:
    out = play(monkeypatch, bare_cli, gateway(loaded_ms), "table").out
    assert row(out, "added up to the gateway") == f"{added} at p95, by pings of 192.0.2.1"
    assert row(out, "home or line") == place
    assert row(out, "cause of the delay") == row(out, "limit of the rate") == cause


@pytest.mark.parametrize(
    ("pinged", "why"),
    [
        (GatewayFacts(obstacle="same_machine"), "the server is this machine"),
        (GatewayFacts(obstacle="not_permitted"), "this user may not ping; sudo sysctl net.ipv4.ping_group_range="),
        (gateway(0.0, count=0), "the gateway does not answer pings"),
        (gateway(3.0, count=99), "the gateway answered too few pings"),
        (gateway(500.0), "the gateway answers pings later than it forwards"),
    ],
)
def test_people_are_told_in_a_sentence_why_neither_side_is_named(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, pinged: GatewayFacts, why: str
) -> None:
    out = play(monkeypatch, bare_cli, pinged, "table").out
    assert row(out, "home or line").startswith(f"unknown: {why}")
    assert row(out, "cause of the delay") == "the line"
    assert ("added up to the gateway" in out) == (pinged.address is not None)


def test_a_cause_that_is_not_the_network_stays(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    out = play(monkeypatch, bare_cli, gateway(202.0), "table", facts(serverOverloaded=True)).out
    assert row(out, "home or line") == "unknown: this run does not count"
    assert row(out, "cause of the delay") == "the server, or its own uplink"


def test_json_has_the_place_and_every_round_trip(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    document = play(monkeypatch, bare_cli, gateway(202.0), "json").json
    assert document["home_or_line"] == {
        "gateway": "192.0.2.1",
        "place": "home",
        "reason": None,
        "baseline_ms": 2.0,
        "increase_p50_ms": 200.0,
        "increase_p95_ms": 200.0,
        "loss_share": 0.0,
    }
    assert document["facts"]["gateway"] == {
        "idle_ms": [2.0] * 100,
        "idle_sent": 100,
        "loaded_ms": [202.0] * 240,
        "loaded_sent": 240,
    }


def test_json_of_a_run_without_a_gateway(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    document = play(monkeypatch, bare_cli, GatewayFacts(obstacle="local_network"), "json").json
    assert document["home_or_line"]["gateway"] is None
    assert document["home_or_line"]["place"] == "unknown"
    assert document["home_or_line"]["reason"] == "local_network"
    assert document["home_or_line"]["increase_p95_ms"] is None
    assert document["facts"]["gateway"] is None


def test_csv_has_the_place_in_each_persons_row(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*csv.DictReader(io.StringIO(play(monkeypatch, bare_cli, gateway(3.0), "csv").out))]
    assert [each["who"] for each in rows] == ["alex", "computer"]
    for each in rows:
        assert each["home_or_line.gateway"] == "192.0.2.1"
        assert each["home_or_line.place"] == "line"
        assert float(each["home_or_line.increase_p95_ms"]) == 1.0


def test_every_place_and_reason_has_a_text() -> None:
    assert PLACES.keys() == set(get_args(Place))
    assert NOT_LOCATED.keys() == set(get_args(Reason))
