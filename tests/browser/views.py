"""What a test sees of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page, expect

from tests.run_reports import latency, run_report

PEOPLE = ("alex", "sarah", "jake", "computer")
PROBES = 4
RUN_ID = "0" * 24
BASELINE_S = 5
"""How long the line is measured at rest, before anybody is on it."""

_SCREENSHOTS = Path(__file__).parent / "screenshots"


class Served(Protocol):
    """A daemon that serves the page at ``url``, which ends in a slash."""

    @property
    def url(self) -> str: ...


def start(page: Page, url: str) -> None:
    """Opens the page and starts a run."""
    page.goto(url)
    page.get_by_role("button", name="Start the test").click()


def in_state(page: Page, state: str, seconds: float) -> None:
    """Waits until the run is in a state, such as ``done``."""
    expect(page.locator("html")).to_have_attribute("data-state", state, timeout=seconds * 1000)


def in_phase(page: Page, phase: str, seconds: float) -> None:
    """Waits until a run is in a phase: ``idle-baseline``, ``load`` or ``recovery``."""
    expect(page.locator("html")).to_have_attribute("data-phase", phase, timeout=seconds * 1000)


def watch_phases(page: Page) -> None:
    """Notes every phase from now on: the short ones would slip between two looks of a busy test."""
    page.evaluate(
        """() => {
            window.phases = [];
            new MutationObserver(() => {
                const { phase } = document.documentElement.dataset;
                if (phase !== undefined && phase !== window.phases.at(-1)) window.phases.push(phase);
            }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-phase"] });
        }"""
    )


def phases_seen(page: Page) -> list[str]:
    """The phases since they are watched."""
    seen: list[str] = page.evaluate("window.phases")
    return seen


def watch_announcements(page: Page) -> None:
    """Notes what a screen reader is told of the run from now on: each text of the status, once it stands."""
    page.evaluate(
        """() => {
            const status = document.querySelector("#status");
            window.announced = [];
            new MutationObserver(() => window.announced.push(status.textContent))
                .observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )


def announcements(page: Page) -> list[str]:
    """What has been announced since it is watched."""
    announced: list[str] = page.evaluate("window.announced")
    return announced


def everybody_is_on_the_line(page: Page) -> None:
    """Waits until all four people run."""
    expect(page.locator("[data-user][data-state=running]")).to_have_count(len(PEOPLE), timeout=(BASELINE_S + 10) * 1000)


def too_busy(page: Page) -> bool:
    """Whether the report says that the machine had no time to measure."""
    return "_overloaded" in (page.locator("#report").get_attribute("data-invalid") or "")


def count(page: Page, person: str, what: str) -> int:
    """Payload bytes that a person has ``received`` or ``sent``."""
    return int(page.locator(f"[data-user={person}]").get_attribute(f"data-{what}-bytes") or 0)


def report_says(page: Page, *words: str) -> None:
    """The run is reported as one that does not count, for these reasons."""
    report = page.locator("#report")
    expect(report).to_be_visible()
    expect(report).to_have_attribute("data-valid", "false")
    expect(report).to_have_attribute("data-grade", "none")
    for each in words:
        expect(report).to_contain_text(each)
    expect(page.locator(".score:visible")).to_have_count(0)


def show_stored(page: Page, url: str, language: str) -> None:
    """Opens the link of a run on a bad line, as the server would answer; what a busy machine measures is not graded."""
    report = run_report(
        people=[stored_person(who, **changes) for who, changes in _BAD.items()],
        baseline_ms=9.5,
        loaded=latency(280, 1329),
        loss_share=0.02,
        invalid=[],
        timeline=[
            [at / 2, 10 if at < 12 else 300 + at, 4_000_000 * (at > 12), 900_000 * (at > 12)] for at in range(80)
        ],
        warm_up_mbps=4.9,
    )
    answer_with_run(page, "F", report)
    page.goto(f"{url}?run={RUN_ID}&lang={language}")
    expect(page.locator("html")).to_have_attribute("data-outcome", "graded")


def answer_with_run(page: Page, grade: str, report: dict[str, Any], **found: object) -> None:
    """Answers requests for the run ``RUN_ID``, as the server would; ``found`` is what it found of the run."""
    session = {"profile": "computer", "duration_s": 30, "tcp_round_trip_ms": 310, "tcp_min_round_trip_ms": 9}
    tcp = {"tcp_retransmits": 12, "tcp_delivery_rate_bps": 4_500_000, "congestion_control": "cubic"}
    line = {"cause": "line", "rate_cause": "line", "witness": "application"}
    kernel = {"kernel_baseline_ms": None, "kernel_increase_p95_ms": None}
    answer = {"id": RUN_ID, "grade": grade, **line, **kernel, "report": report, "sessions": [session | tcp], **found}
    page.route("**/virtual-household/runs/*", lambda route: route.fulfill(json=answer))


_BAD: dict[str, dict[str, Any]] = {
    "alex": {"activity": "gaming", "verdict": "verdict.gaming.unusable"},
    "sarah": {"activity": "video_call", "verdict": "verdict.video_call.unusable", "mos": 1.4},
    # Too slow for his film, which therefore never stopped.
    "jake": {"activity": "streaming", "verdict": "verdict.streaming.unusable", "stall_s": 0},
    "computer": {"activity": "bulk_transfer", "verdict": "verdict.bulk_transfer.unusable"},
}


def stored_person(who: str, **changes: object) -> dict[str, Any]:
    """A person of a stored run, who got too little of everything."""
    rates = {"wanted_bps": 5_000_000, "got_bps": 1_400_000}
    common = {"who": who, "score": 0, "band": "unusable", "download": rates, "upload": rates}
    return {**common, "latency": latency(1071, 1516), "stall_s": None, "mos": None, **changes}


def screenshot(page: Page, name: str) -> None:
    """Keeps a picture of the whole page, for people to look at."""
    page.screenshot(path=_SCREENSHOTS / f"{name}.png", full_page=True)


def forget(page: Page, complaints: list[str], words: str = "") -> None:
    """Forget what the console said, all of it with ``words``; the page is closed, since its console may be late."""
    page.close()
    assert all(words in complaint for complaint in complaints), complaints
    complaints.clear()
