"""A whole run in each engine, on a phone's screen, over WSS; the engines share a daemon."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

import pytest

from tests.browser.engines import ENGINES, WIDTH, Engine, EngineMissingError, Tab, webkit
from tests.browser.runs import play, result
from tests.daemon import Daemon
from tests.undisturbed import undisturbed

COMPUTER_MBPS = 10
"""The processors of the test carry this beside a browser and a daemon."""


@pytest.mark.parametrize("name", ENGINES)
def test_a_run_is_graded_or_blames_the_device(name: str, shared_daemon: Daemon, tmp_path: Path) -> None:
    _run(ENGINES[name], shared_daemon, tmp_path)


def test_webkit_runs_in_an_english_environment(shared_daemon: Daemon, tmp_path: Path) -> None:
    _run(partial(webkit, lang="en_US.UTF-8"), shared_daemon, tmp_path)


def _run(engine: Engine, daemon: Daemon, directory: Path) -> None:
    url = f"{daemon.url}?lang=de&seconds=12&computer={COMPUTER_MBPS}"
    try:
        with engine(directory) as tab:
            undisturbed(lambda: _graded(tab, url, directory / "report.png"), lambda graded: not graded)
    except EngineMissingError as missing:
        pytest.skip(f"{missing}: the page is not tested in this engine")


def _graded(tab: Tab, url: str, picture: Path) -> bool:
    """Return whether a run was graded; one that was not names the device or the server."""
    play(tab, url)
    given = result(tab)
    assert given.language == "de"
    assert "Test beendet." in given.text, given.text
    assert given.overflow <= 0
    if not given.valid:
        assert set(given.invalid) <= {"client_overloaded", "server_overloaded"}, given
        return False
    assert given.grade in {"A+", "A"}, given.text
    assert all(score > 0 for score in given.scores), given.scores
    tab.screenshot(picture)
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert (width, height) > (WIDTH / 2, WIDTH / 2)
    return True
