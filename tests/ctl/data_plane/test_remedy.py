"""What `householdctl test` says to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ctl.data_plane.given_runs import UNPINGED, both_ways, facts, gateway, play, row, show

if TYPE_CHECKING:
    from household_scoring.measurements import RunFacts
    from householdctl.data_plane.gateway import GatewayFacts
    from tests.ctl.conftest import Cli

SLOW = {"wantedBps": 1e6, "gotBps": 0.5e6}


def test_a_queue_gets_limits_for_the_router(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two people got 1 Mbit/s each.
    out = play(monkeypatch, bare_cli, UNPINGED, "table").out
    assert row(out, "what to do").endswith("at 90 % of the line's rate: download 1.8 Mbit/s")
    assert "  uci set sqm.household.download=1800\n  uci set sqm.household.upload=0\n" in out
    remedy = json.loads(play(monkeypatch, bare_cli, UNPINGED, "json").out)["remedy"]
    assert remedy["action"] == "shape"
    assert (remedy["download_kbps"], remedy["upload_kbps"]) == (1800, None)
    assert all(f"  {line}\n" in out for line in remedy["openwrt"])


@pytest.mark.parametrize(
    ("added_ms", "limits"),
    [((12, 480, 470), (None, 1800)), ((240, 310, 550), (1800, 1800))],
    ids=["uploads", "both"],
)
def test_limits_are_for_the_direction_that_hurts(
    bare_cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    added_ms: tuple[float, ...],
    limits: tuple[int | None, int | None],
) -> None:
    remedy = json.loads(show(monkeypatch, bare_cli, "json", both_ways(*added_ms)).out)["remedy"]
    assert (remedy["download_kbps"], remedy["upload_kbps"]) == limits


@pytest.mark.parametrize(
    ("pinged", "run", "todo"),
    [
        (gateway(202.0), facts(), "move closer to the Wi-Fi, or use a cable"),
        (
            UNPINGED,
            facts(21.0, rates=SLOW, lost=3),
            "test once by cable; if packets are lost then too, tell your provider",
        ),
    ],
    ids=["Wi-Fi", "loss"],
)
def test_nothing_is_set_in_the_router_for_another_cause(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, pinged: GatewayFacts, run: RunFacts, todo: str
) -> None:
    out = play(monkeypatch, bare_cli, pinged, "table", run).out
    assert row(out, "what to do").startswith(todo)
    assert "uci" not in out


def test_a_good_line_needs_nothing(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "what to do" not in play(monkeypatch, bare_cli, UNPINGED, "table", facts(21.0)).out
    assert json.loads(play(monkeypatch, bare_cli, UNPINGED, "json", facts(21.0)).out)["remedy"] is None
