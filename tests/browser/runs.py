"""A run of the page in any engine, and what its report shows.

``python -m tests.browser.runs ENGINE URL`` is one run in a process of its own, for a network namespace or a group of
processes; it prints the RunResult as JSON.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.browser.engines import ENGINES, EngineMissingError, Tab

START_S = 15.0
"""Timeout of the page's start, in seconds."""

INTERRUPTED = 3
"""Exit status for a run that did not finish; standard error is the cause, and the beginning of the page."""

RUN_S = 180.0
"""Timeout of a run, in seconds, ample for one of 30 s in a throttled browser."""


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
    began: dict[str, float]
    """Unix time of each phase, as in ``data-phase``."""
    document: dict[str, Any]
    """The JSON export."""
    overflow: int
    """CSS pixels by which the page is wider than its window, or less than 0."""


class InterruptedRunError(AssertionError):
    """The run did not finish; the message is the cause, as in ``data-refused``, and the beginning of the page."""


_WATCH = """(() => {
    window.began = {};
    new MutationObserver(() => {
        const { phase } = document.documentElement.dataset;
        if (phase !== undefined) window.began[phase] ??= Date.now() / 1000;
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-phase"] });
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
        blob.text().then((text) => { window.exported = text; });
        return create(blob);
    };
})()"""
"""Notes the beginning of each phase, and the export, which no driver keeps from all engines."""

_RESULT = """(({ dataset }, text) => ({
    valid: dataset.valid === "true",
    grade: dataset.grade,
    invalid: (dataset.invalid ?? "").split(" ").filter((reason) => reason !== ""),
    scores: [...document.querySelectorAll(".score:not([hidden]) > [aria-hidden]")].map((each) => +each.innerText),
    run_id: /run=(\\w+)/.exec(document.querySelector("#permalink").href)?.[1] ?? "",
    language: document.documentElement.lang,
    text,
    began: window.began,
    document: JSON.parse(window.exported),
    overflow: document.documentElement.scrollWidth - innerWidth,
}))(document.querySelector("#report"), document.body.innerText)"""


def open_page(tab: Tab, url: str) -> None:
    """Load the page. Raise AssertionError if it does not start in time."""
    tab.goto(url)
    _wait(tab, "document.documentElement.dataset.startup === 'ready'", START_S)


def open_stored(tab: Tab, url: str) -> None:
    """Load the page of a stored run. Raise AssertionError if it does not show one in time."""
    open_page(tab, url)
    _wait(tab, "document.documentElement.dataset.outcome !== undefined", START_S)


def play(tab: Tab, url: str) -> None:
    """Load the page and go through a run. Raise AssertionError if it does not begin, or not end in time."""
    open_page(tab, url)
    tab.evaluate(_WATCH)
    tab.evaluate("document.querySelector('#run').click()")
    over = "['done', 'failed'].includes(document.documentElement.dataset.state)"
    _wait(tab, f"{over} && document.documentElement.dataset.outcome !== undefined", RUN_S)


def result(tab: Tab) -> RunResult:
    """Return what the page shows of the run, with its export. Raise InterruptedRunError if it was not finished."""
    if tab.evaluate("document.documentElement.dataset.outcome") == "interrupted":
        cause = tab.evaluate("document.documentElement.dataset.refused")
        raise InterruptedRunError(f"{cause}: {_words(tab)}")
    tab.evaluate("document.querySelector('#save-json').click()")
    _wait(tab, "window.exported !== undefined", START_S)
    shown: dict[str, Any] = tab.evaluate(_RESULT)
    return RunResult(**shown | {"invalid": tuple(shown["invalid"]), "scores": tuple(shown["scores"])})


def report_words(tab: Tab) -> str:
    """Return what the page says of the run as a whole: grade, delay, reasons, advice."""
    words: str = tab.evaluate("['#report', '#advice'].map((id) => document.querySelector(id).innerText).join('\\n')")
    return words


def _wait(tab: Tab, condition: str, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while tab.evaluate(condition) is not True:
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s:g} s: {condition}; the page says {_words(tab)!r}")
        # A question takes time from the measurement.
        time.sleep(1)


def _words(tab: Tab) -> str:
    return str(tab.evaluate("document.body.innerText.slice(0, 200)"))


def main() -> None:
    engine, url = sys.argv[1:]
    try:
        with tempfile.TemporaryDirectory() as directory, ENGINES[engine](Path(directory)) as tab:
            play(tab, url)
            sys.stdout.buffer.write(msgspec.json.encode(result(tab)))
    except EngineMissingError as missing:
        sys.exit(str(missing))
    except InterruptedRunError as interrupted:
        sys.stderr.write(f"{interrupted}\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
