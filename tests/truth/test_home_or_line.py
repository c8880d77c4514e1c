"""The side of the customer's router that adds delay, named by `householdctl test`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tests.daemon import running
from tests.lab.netns import LabUnavailableError
from tests.lab.results import Row, conclude, expected, measured
from tests.truth import household
from tests.truth.home_network import GATEWAY, SERVER, Side, home_network
from tests.truth.lines import LINES
from tests.undisturbed import undisturbed

LINE = next(line for line in LINES if line.name == "20-bloated")


@pytest.mark.parametrize("side", get_args(Side), ids=lambda side: f"20-{side}")
def test_the_side_of_the_bottleneck_is_named(side: Side, tmp_path: Path) -> None:
    try:
        run = _measure(side, tmp_path)
    except LabUnavailableError as error:
        pytest.skip(f"no truth lab here: {error}")
    report, found = run.report, run.document["home_or_line"]
    figures = {
        "p95, household, ms": report["latency"]["increase_p95_ms"],
        "p95, kernel, ms": report["kernel"]["increase_p95_ms"],
        "p50, gateway, ms": found["increase_p50_ms"],
        "p95, gateway, ms": found["increase_p95_ms"],
        "gateway's answers lost, %": 100 * found["loss_share"],
        "cause of the delay": report["attribution"]["cause"],
        "reason": found["reason"],
        "what spoiled the run": ", ".join(report["invalid"]) or None,
    }
    conclude(
        Row(
            "home or line",
            f"20-bloated, {side}",
            [
                *(measured(name, "none" if value is None else value) for name, value in figures.items()),
                expected("gateway", found["gateway"], GATEWAY),
                expected("side", found["place"], side),
            ],
        )
    )


def _too_busy(run: household.Run) -> bool:
    return not {"client_overloaded", "server_overloaded"}.isdisjoint(run.report["invalid"])


def _measure(side: Side, directory: Path) -> household.Run:
    with (
        home_network(LINE, side) as network,
        running(directory, "--listen", f"{SERVER}:8443", prefix=network.server.prefix) as daemon,
    ):
        return undisturbed(lambda: household.play(network.client, daemon, LINE), _too_busy)
