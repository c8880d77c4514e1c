"""What `householdctl test` says where people did not get on beside a good grade."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from household_scoring.shortfall import Lack
from householdctl.views.verdict_text import LACKS
from tests.ctl.data_plane.given_runs import UNPINGED, facts, play, row

if TYPE_CHECKING:
    from household_scoring.measurements import RunFacts
    from tests.ctl.conftest import Cli

SLOW = {"wantedBps": 1e6, "gotBps": 0.5e6}


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (facts(21.0, rates=SLOW), "the load adds little delay, but the line is too slow for alex"),
        (facts(130.0, idle_ms=120.0), "the load adds little delay, but the way to the server is too long for alex"),
        (facts(21.0, rates=SLOW, lost=3), "the line loses 1.2% of packets; that, and not a queue, is what hurts alex"),
    ],
    ids=["rate", "distance", "loss"],
)
def test_a_good_grade_says_why_someone_did_not_get_on(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, run: RunFacts, why: str
) -> None:
    out = play(monkeypatch, bare_cli, UNPINGED, "table", run).out
    assert row(out, "household grade") in {"A+", "A"}
    assert row(out, "beside this grade") == why


@pytest.mark.parametrize("run", [facts(21.0), facts(220.0)], ids=["everyone got on", "a bad grade"])
def test_no_other_grade_needs_it(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, run: RunFacts) -> None:
    assert "beside this grade" not in play(monkeypatch, bare_cli, UNPINGED, "table", run).out


def test_every_lack_has_a_text() -> None:
    assert LACKS.keys() == set(get_args(Lack))
