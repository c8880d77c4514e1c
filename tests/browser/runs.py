"""A run of the page in any engine, and what its report shows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tests.browser.engines import Tab

START_S = 15.0
"""Timeout of the page's start, in seconds."""

RUN_S = 120.0
"""Timeout of a run of the shortest length, in seconds, ample for a throttled browser."""


@dataclass(frozen=True)
class RunResult:
    """What the page shows of a finished run."""

    valid: bool
    grade: str
    invalid: tuple[str, ...]
    """Reasons against the run; empty if it counts."""
    scores: tuple[int, ...]
    """Of the people, 0 to 100; empty if the run does not count."""
    run_id: str
    """Id of the stored run; empty if there is none."""
    language: str
    text: str
    width: int
    """Of the page, in CSS pixels, with what is scrolled out of view."""


_RESULT = """(({ dataset }, text) => ({
    valid: dataset.valid === "true",
    grade: dataset.grade,
    invalid: (dataset.invalid ?? "").split(" ").filter((reason) => reason !== ""),
    scores: [...document.querySelectorAll(".score:not([hidden]) > [aria-hidden]")].map((each) => +each.innerText),
    run_id: /run=(\\w+)/.exec(document.querySelector("#permalink").href)?.[1] ?? "",
    language: document.documentElement.lang,
    text,
    width: document.documentElement.scrollWidth,
}))(document.querySelector("#report"), document.body.innerText)"""


def play(tab: Tab, url: str, *, timeout_s: float = RUN_S) -> None:
    """Load the page and go through a run. Raise AssertionError if it does not begin, or not end in time."""
    tab.goto(url)
    _wait(tab, "document.documentElement.dataset.startup === 'ready'", START_S)
    tab.evaluate("document.querySelector('#run').click()")
    over = "['done', 'failed'].includes(document.documentElement.dataset.state)"
    _wait(tab, f"{over} && document.documentElement.dataset.outcome !== undefined", timeout_s)


def result(tab: Tab) -> RunResult:
    """Return what the page shows of the run."""
    shown: dict[str, Any] = tab.evaluate(_RESULT)
    return RunResult(**shown | {"invalid": tuple(shown["invalid"]), "scores": tuple(shown["scores"])})


def _wait(tab: Tab, condition: str, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while tab.evaluate(condition) is not True:
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s:g} s: {condition}; the page says {_words(tab)!r}")
        # A question takes time from the measurement.
        time.sleep(1)


def _words(tab: Tab) -> str:
    return str(tab.evaluate("document.querySelector('#headline').textContent"))
