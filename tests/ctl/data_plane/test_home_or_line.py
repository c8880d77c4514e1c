"""What `householdctl test` says of the side that adds delay, of runs with given round trips."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, get_args

import pytest

from household_scoring.home_or_line import Place, Reason
from householdctl.data_plane.gateway import GatewayFacts
from householdctl.views.verdict_text import NOT_LOCATED, PLACES
from tests.ctl.data_plane.given_runs import facts, gateway, play, row

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli


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
