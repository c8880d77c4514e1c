"""The household from a browser: the page in Chromium in the client's namespace, and what it exported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.daemon import Daemon
from tests.lab.netns import LabUnavailableError
from tests.lab.network import Network
from tests.truth.lines import Line

_REST_S = 60
"""Seconds beside the load, generous."""

_WATCH = """() => {
    window.phasesBegan = {};
    new MutationObserver(() => {
        const { phase } = document.documentElement.dataset;
        if (phase !== undefined) window.phasesBegan[phase] ??= Date.now() / 1000;
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-phase"] });
}"""


@dataclass(frozen=True)
class PageRun:
    """One run of the page."""

    document: dict[str, Any]
    """Its JSON."""
    began: dict[str, float]
    """Unix time of each phase."""


def check_available() -> None:
    """Raises LabUnavailableError without Chromium."""
    if CHROMIUM is None:
        raise LabUnavailableError("chromium is needed")


def play(network: Network, daemon: Daemon, line: Line, directory: Path) -> PageRun:
    """Plays the household over the line."""
    executable = directory / "chromium"
    executable.write_text(f'#!/bin/sh\nexec {" ".join(network.client.prefix)} {CHROMIUM} "$@"\n')
    executable.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        page = browser.new_page(locale="en-GB")
        page.goto(f"{daemon.url}?seconds={line.load_s:g}&computer={line.computer_mbps:g}")
        page.evaluate(_WATCH)
        page.get_by_role("button", name="Start the test").click()
        page.wait_for_selector("html[data-state=done], html[data-state=failed]", timeout=(line.load_s + _REST_S) * 1000)
        page.get_by_text("Details for experts").click()
        with page.expect_download() as downloading:
            page.get_by_role("button", name="Download JSON").click()
        document = msgspec.json.decode(downloading.value.path().read_bytes())
        began = page.evaluate("window.phasesBegan")
        browser.close()
    return PageRun(document, began)
