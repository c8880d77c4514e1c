"""A good grade beside people who did not get what they need."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import RUN_ID, Served, answer_with_run, stored_person
from tests.run_reports import latency, run_report

FULL = {"wanted_bps": 5_000_000, "got_bps": 5_000_000}
GOOD: dict[str, Any] = {"score": 100, "band": "excellent", "download": FULL, "upload": FULL}
ALEX = {"activity": "gaming", "verdict": "verdict.gaming.excellent"}
JAKE = {"activity": "streaming", "verdict": "verdict.streaming.unusable", "stall_s": 0}

SLOW = {"baseline_ms": 10, "people": [stored_person("alex", **GOOD, **ALEX), stored_person("jake", **JAKE)]}
FAR = {
    "baseline_ms": 120,
    "people": [stored_person("alex", **GOOD | ALEX | {"score": 0, "band": "unusable"})],
}
LOSSY = SLOW | {"loss_share": 0.005}


@pytest.mark.parametrize(
    ("changes", "meaning", "advice"),
    [
        pytest.param(SLOW, "yours is too slow for Jake", "a faster plan", id="rate"),
        pytest.param(
            FAR, "the way to the server is long, 120 ms even when idle: too long for Alex", "near you", id="far"
        ),
        pytest.param(LOSSY, "Your line loses 0.5% of packets.", "tell your provider", id="loss"),
    ],
)
def test_a_good_grade_says_why_someone_did_not_get_on(
    daemon: Served, page: Page, changes: dict[str, Any], meaning: str, advice: str
) -> None:
    idle_ms = changes["baseline_ms"]
    answer_with_run(page, "A", run_report(**changes, loaded=latency(idle_ms, idle_ms + 10, count=600), invalid=[]))
    page.goto(f"{daemon.url}?run={RUN_ID}&lang=en")
    expect(page.locator("#meaning")).to_contain_text(meaning)
    expect(page.locator("#advice")).to_contain_text(advice)
    expect(page.locator("#advice")).not_to_contain_text("Nothing:")
