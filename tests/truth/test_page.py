"""The page's figures, which a customer sees, against irtt's."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.daemon import running
from tests.lab.netns import LabUnavailableError
from tests.lab.network import SERVER
from tests.lab.results import Row, conclude, expected, measured
from tests.truth import irtt

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the page is not measured")

from tests.browser.engines import ENGINES
from tests.browser.runs import RunResult
from tests.truth import page
from tests.truth.agreement import p95_differs
from tests.truth.bottleneck import bottleneck
from tests.truth.lines import LINES, Line
from tests.truth.measure import SETTLED_S, Latency, latency_of

PAGE_LINES = {
    "chromium": ("20-short", "20-bloated", "50-short"),
    "firefox": ("20-bloated",),
    "webkit": ("20-bloated",),
}
"""Names of the lines by engine."""

TITLES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKitGTK"}


@pytest.mark.parametrize(
    ("engine", "line"),
    [
        pytest.param(engine, line, id=f"{engine}-{line.name}")
        for engine in ENGINES
        for line in LINES
        if line.name in PAGE_LINES[engine]
    ],
)
def test_the_page_measures_what_irtt_does(engine: str, line: Line, tmp_path: Path) -> None:
    try:
        run, ours, truth = _measure(line, engine, tmp_path)
    except LabUnavailableError as error:
        pytest.skip(f"no truth lab here: {error}")
    report = run.document["report"]
    conclude(
        Row(
            f"the page in {TITLES[engine]}",
            line.name,
            [
                measured("p50, page, ms", ours.added_p50),
                measured("p50, irtt, ms", truth.added_p50),
                measured("p95, page, ms", ours.added_p95),
                measured("p95, irtt, ms", truth.added_p95),
                p95_differs(ours, truth),
                measured("baseline, page, ms", ours.baseline),
                expected("grade", str(report["grade"]), *map(str, line.demands)),
                # The queue is the line's, so the device is not blamed.
                expected("limit of the device, Mbit/s", str(run.document["deviceMbps"]), "None"),
                expected("reasons", ", ".join(report["invalid"]) or "none", "none"),
            ],
        )
    )


def _measure(line: Line, engine: str, directory: Path) -> tuple[RunResult, Latency, Latency]:
    irtt.check_available()
    with (
        bottleneck(line) as network,
        running(directory, "--listen", f"{SERVER}:8443", prefix=network.server.prefix) as daemon,
        irtt.pinging(network, directory) as truth,
    ):
        time.sleep(SETTLED_S)
        run = page.play(network, daemon, line, engine)
    # irtt's figures are there when it has ended.
    idle, load, recovery = (run.began[phase] for phase in ("idle-baseline", "load", "recovery"))
    quiet, loaded = truth.between(idle, load), truth.between(load, recovery)
    probe = run.document["facts"]["probe"]
    return (
        run,
        latency_of(probe["idleMs"], probe["loadedMs"]),
        latency_of(quiet.round_trips_ms, loaded.round_trips_ms, loaded.lost_share),
    )
