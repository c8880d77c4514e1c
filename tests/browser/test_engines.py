"""A whole run in each engine, on a phone's screen, over WSS; the engines share a daemon.

The line is perfect, so no run may be graded worse than A. On a busy machine a run may not count, and then names the
device or the server; a test does not repeat it, because that is a right answer. ``bench/bench_engines.py`` counts them.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.browser.engines import ENGINES, LANGUAGE, WIDTH, Engine, EngineMissingError, Tab, webkit
from tests.browser.runs import RunResult, open_page, open_stored, play, report_words, result
from tests.daemon import Daemon

SHORT = "seconds=12"
SETTINGS = {"30 s": "seconds=30", "computer=50": "seconds=30&computer=50", "both directions": "computer=20"}
"""Queries of the long form."""

ENGLISH_WEBKIT = partial(webkit, lang="en_US.UTF-8")

NAMES = {"client_overloaded", "no_witness", "server_overloaded", "server_limited"}
"""Reasons against a run that name the device or the server."""
LINE = "Sind alle online, kommen 19 von 20 Antworten"
DEVICE = "Ihr Browser kam nicht mit; der Anschluss selbst fügte"
HELP = ("Versuchen Sie es mit einem anderen Browser", "versuchen Sie es mit einem anderen Browser", "Server")
"""What the page says of a delay that it grades, of one that was the device's, and of what to do about no grade."""


# Chromium's short run is in test_page.py, and so not with all tests a second time.
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.engines if name == "chromium" else pytest.mark.rates) for name in ENGINES],
)
def test_a_run_is_graded_well_or_names_what_was_too_slow(name: str, shared_daemon: Daemon, tmp_path: Path) -> None:
    with _opened(ENGINES[name], tmp_path) as tab:
        _run(tab, shared_daemon.url, SHORT, tmp_path / "report.png")


@pytest.mark.engines
@pytest.mark.timeout(300)
@pytest.mark.parametrize("query", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("name", ENGINES)
def test_a_long_run_is_graded_well_or_names_what_was_too_slow(
    name: str, query: str, shared_daemon: Daemon, tmp_path: Path
) -> None:
    with _opened(ENGINES[name], tmp_path) as tab:
        _run(tab, shared_daemon.url, query, tmp_path / "report.png")


def test_webkit_starts_in_an_english_environment(shared_daemon: Daemon, tmp_path: Path) -> None:
    with _opened(ENGLISH_WEBKIT, tmp_path) as tab:
        open_page(tab, shared_daemon.url)
        assert tab.evaluate("document.documentElement.lang") == "en"


@pytest.mark.engines
def test_webkit_runs_in_an_english_environment(shared_daemon: Daemon, tmp_path: Path) -> None:
    with _opened(ENGLISH_WEBKIT, tmp_path) as tab:
        _run(tab, shared_daemon.url, SHORT, tmp_path / "report.png")


@contextlib.contextmanager
def _opened(engine: Engine, directory: Path) -> Iterator[Tab]:
    """Run the engine, or skip the test where it is not installed."""
    with contextlib.ExitStack() as stack:
        try:
            tab = stack.enter_context(engine(directory))
        except EngineMissingError as missing:
            pytest.skip(f"{missing}: the page is not tested in this engine")
        yield tab


def _run(tab: Tab, url: str, query: str, picture: Path) -> None:
    play(tab, f"{url}?lang={LANGUAGE}&{query}")
    given = result(tab)
    assert given.language == LANGUAGE
    assert "Test beendet." in given.text, given.text
    assert given.overflow <= 0
    tab.screenshot(picture)
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert (width, height) > (WIDTH / 2, WIDTH / 2)
    _judge(given)
    if given.run_id:
        words = report_words(tab)
        open_stored(tab, f"{url}?lang={LANGUAGE}&run={given.run_id}")
        assert report_words(tab) == words


def _judge(given: RunResult) -> None:
    if given.valid:
        assert given.grade in {"A+", "A"}, given.text
        assert all(score > 0 for score in given.scores), given.scores
        assert (DEVICE in given.text) != (LINE in given.text), given.text
    else:
        assert given.grade == "none"
        assert NAMES & set(given.invalid), given
        assert any(words in given.text for words in HELP), given.text
