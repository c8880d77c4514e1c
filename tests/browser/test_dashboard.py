"""The operators' page, in a real browser, against a real daemon with real sessions."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_looks import AXE, SIZES, violations
from tests.browser.views import screenshot
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.end_to_end.reports import probing, report
from tests.end_to_end.sessions import open_sessions

ALICE, BOB = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"

OVERFLOW = """() => {
    const box = document.querySelector("#session-table").parentElement;
    return box.scrollWidth - box.clientWidth;
}"""

LONGEST = """() => {
    for (const { cells } of document.querySelectorAll("#session-table tbody tr")) {
        cells[1].textContent = "computer_7932771586";
        cells[2].textContent = "computer";
        cells[10].textContent = cells[11].textContent = "888.8 GB";
        cells[12].textContent = "[2001:0db8:1234:5678:9abc:def0:1234:5678]:51000";
    }
    const box = document.querySelector("#session-table").parentElement;
    return box.scrollWidth - box.clientWidth;
}"""

WAIT = 15_000
"""Milliseconds for what happens within a second or two on a machine that has time."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory = tmp_path_factory.mktemp("dashboard")
    file, tokens = directory / "householdd.toml", directory / "tokens"
    tokens.write_text(f"alice operator {ALICE}\nbob viewer {BOB}\n")
    tokens.chmod(0o600)
    file.write_text(f'[dashboard]\nlisten = "127.0.0.1:0"\ntokens = "{tokens}"\n')
    with running(directory, "--config", str(file), "--workers", "2") as daemon:
        yield daemon


@pytest.fixture
def wide(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """An operator's screen; a message of the console fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", color_scheme="light")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@contextlib.contextmanager
def sessions(daemon: Daemon, count: int) -> Iterator[None]:
    """So many sessions, played by a thread."""
    over = threading.Event()

    async def play() -> None:
        async with open_sessions(daemon, count):
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(play()))
    thread.start()
    try:
        wait_until(lambda: daemon.get_server().sessions == count, "the sessions")
        yield
    finally:
        over.set()
        thread.join()


def url_of(daemon: Daemon) -> str:
    url: str = daemon.events("serving")[0]["dashboard"]
    return url


def ungrouped(page: Page) -> None:
    page.get_by_label("Group by household").uncheck()


def log_in(page: Page, daemon: Daemon, token: str) -> None:
    page.goto(url_of(daemon))
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()


# The first of all: while nobody watches, the history is not looked at, and then at once.
def test_a_run_is_shown_with_its_grade_and_counted_on_its_day(served: Daemon, wide: Page) -> None:
    async def play() -> dict[str, Any]:
        async with probing(served, "graded") as probe:
            return await report(probe)

    # Playwright has the loop of this thread.
    with ThreadPoolExecutor(1) as thread:
        stored = thread.submit(lambda: asyncio.run(play())).result()
    assert stored["type"] == "run_stored"
    log_in(wide, served, BOB)
    row = wide.locator("#run-table tbody tr")
    expect(row).to_have_count(1, timeout=TIMEOUT_S * 1000)
    expect(row.get_by_role("cell", name="B", exact=True)).to_be_visible()
    expect(wide.locator("#grades").get_by_title("B: 1")).to_have_count(1)
    screenshot(wide, "dashboard-runs")


def test_a_wrong_token_is_said_and_the_right_one_lasts_for_the_tab(served: Daemon, wide: Page) -> None:
    log_in(wide, served, "0" * 32)
    expect(wide.get_by_text("This token is not known.")).to_be_visible(timeout=WAIT)
    wide.get_by_label("Token").fill(BOB)
    wide.keyboard.press("Enter")
    expect(wide.get_by_text("bob (viewer)")).to_be_visible(timeout=WAIT)
    wide.reload()
    expect(wide.get_by_text("bob (viewer)")).to_be_visible(timeout=WAIT)
    wide.get_by_role("button", name="Log out").click()
    expect(wide.get_by_label("Token")).to_be_focused(timeout=WAIT)
    wide.reload()
    expect(wide.get_by_label("Token")).to_be_visible(timeout=WAIT)
    assert BOB not in wide.content()


def test_an_operator_finds_a_session_and_ends_it_with_a_reason(served: Daemon, wide: Page) -> None:
    with sessions(served, 6):
        log_in(wide, served, ALICE)
        rows = wide.locator("#session-table tbody tr")
        expect(rows).to_have_count(2, timeout=WAIT)
        ungrouped(wide)
        expect(rows).to_have_count(6, timeout=WAIT)
        expect(wide.locator("#now-sessions")).to_have_text("6", timeout=WAIT)
        expect(wide.locator("#worker-table tbody tr")).to_have_count(2)
        screenshot(wide, "dashboard")

        filter_box = wide.get_by_role("combobox", name="Filter")
        filter_box.fill("profil = sarah")
        wide.get_by_role("button", name="Apply").click()
        expect(wide.locator("#filter-problem")).to_contain_text(
            "filter: at 1: no field 'profil'; known are id", timeout=WAIT
        )
        filter_box.fill("profile = sarah")
        wide.keyboard.press("Enter")
        expect(rows).to_have_count(2, timeout=WAIT)
        expect(wide.locator("#filter-problem")).to_be_empty()
        wide.get_by_role("button", name="User", exact=True).click()
        expect(rows.first).to_contain_text("sarah_run0", timeout=WAIT)
        expect(wide.get_by_role("columnheader", name="User")).to_have_attribute("aria-sort", "ascending")

        wide.get_by_label("Select sarah_run1").check()
        wide.get_by_role("button", name="End selected").click()
        dialog = wide.get_by_role("dialog", name="End 1 session?")
        expect(dialog.get_by_label("Reason")).to_be_focused()
        screenshot(wide, "dashboard-kill")
        dialog.get_by_label("Reason").fill("  ")
        dialog.get_by_role("button", name="End 1 session").click()
        expect(dialog.locator("#confirm-problem")).to_have_text(
            "reason: 1 to 200 characters are needed, not 0", timeout=WAIT
        )
        dialog.get_by_label("Reason").fill("a customer called")
        wide.keyboard.press("Enter")
        expect(wide.get_by_text("1 session ended.")).to_be_visible(timeout=WAIT)
        expect(rows).to_have_count(1, timeout=WAIT)
        expect(wide.locator("#close-table")).to_contain_text("killed", timeout=WAIT)
    (line,) = [each for each in served.events("change") if each["method"].endswith("KillSessions") and "answer" in each]
    assert (line["actor"], line["reason"], line["outcome"]) == ("dashboard:alice", "a customer called", "OK")


def test_a_household_is_one_row_that_unfolds_and_is_chosen_as_a_whole(served: Daemon, wide: Page) -> None:
    with sessions(served, 6):
        log_in(wide, served, ALICE)
        rows = wide.locator("#session-table tbody tr")
        expect(rows).to_have_count(2, timeout=WAIT)
        expect(rows.first).to_contain_text("3 people")
        assert wide.evaluate(OVERFLOW) == 0, "the table is cut at 1280 pixels"
        screenshot(wide, "dashboard-households")
        button = wide.get_by_role("button", name="run0")
        expect(button).to_have_attribute("aria-expanded", "false")
        button.click()
        expect(rows).to_have_count(5, timeout=WAIT)
        expect(button).to_have_attribute("aria-expanded", "true")
        wide.get_by_label("Select run0", exact=True).check()
        expect(wide.get_by_label("Select jake_run0")).to_be_checked()
        wide.get_by_role("button", name="End selected").click()
        expect(wide.get_by_role("dialog", name="End 3 sessions?")).to_be_visible()
        wide.keyboard.press("Escape")


def test_the_session_table_fits_with_the_longest_values(served: Daemon, wide: Page) -> None:
    with sessions(served, 3):
        log_in(wide, served, ALICE)
        ungrouped(wide)
        expect(wide.locator("#session-table tbody tr")).to_have_count(3, timeout=WAIT)
        assert wide.evaluate(LONGEST) == 0, "the table is cut at 1280 pixels"


def test_plain_text_finds_sessions(served: Daemon, wide: Page) -> None:
    with sessions(served, 6):
        log_in(wide, served, BOB)
        rows = wide.locator("#session-table tbody tr")
        expect(rows).to_have_count(2, timeout=WAIT)
        for typed, found in (("jake", 2), ("run1", 1), ("127.0.0.1", 2), ("nobody", 0)):
            wide.get_by_role("combobox", name="Filter").fill(typed)
            wide.keyboard.press("Enter")
            expect(rows).to_have_count(found, timeout=WAIT)
            expect(wide.locator("#filter-problem")).to_be_empty()


def test_a_drain_shows_how_far_it_is_and_is_taken_back(served: Daemon, wide: Page) -> None:
    log_in(wide, served, ALICE)
    wide.get_by_role("button", name="Drain…").click()
    wide.get_by_label("Reason").fill("upgrade")
    wide.get_by_role("button", name="Drain", exact=True).click()
    expect(wide.get_by_role("heading", name="Draining")).to_be_visible(timeout=WAIT)
    expect(wide.locator("#drain-words")).to_contain_text("upgrade")
    wide.get_by_role("button", name="Accept sessions again").click()
    wide.get_by_label("Reason").fill("done")
    wide.keyboard.press("Enter")
    expect(wide.get_by_role("heading", name="Draining")).to_be_hidden(timeout=WAIT)


def test_a_viewer_is_offered_no_change(served: Daemon, wide: Page) -> None:
    with sessions(served, 1):
        log_in(wide, served, BOB)
        expect(wide.locator("#session-table tbody tr")).to_have_count(1, timeout=WAIT)
        for name in ("End selected", "End all that match", "Drain", "Accept sessions again"):
            expect(wide.get_by_role("button", name=name)).to_have_count(0)
        expect(wide.locator("#session-table").get_by_role("checkbox")).to_have_count(0)


def test_it_fits_every_screen_and_is_accessible(served: Daemon, wide: Page) -> None:
    if not AXE.exists():
        pytest.skip(f"{AXE} is not installed: npm ci in client/")
    wide.goto(url_of(served))
    wide.evaluate(AXE.read_text())
    expect(wide.get_by_label("Token")).to_be_visible(timeout=WAIT)
    assert violations(wide) == []
    with sessions(served, 3):
        wide.get_by_label("Token").fill(ALICE)
        wide.keyboard.press("Enter")
        expect(wide.locator("#session-table tbody tr")).to_have_count(1, timeout=WAIT)
        wide.get_by_role("button", name="run0").click()
        expect(wide.locator("#session-table tbody tr")).to_have_count(4, timeout=WAIT)
        for name, (width, height) in SIZES.items():
            wide.set_viewport_size({"width": width, "height": height})
            for scheme in ("dark", "light"):
                wide.emulate_media(color_scheme=scheme)
                wide.wait_for_timeout(200)
                screenshot(wide, f"dashboard-{name}-{scheme}")
                assert wide.evaluate("document.documentElement.scrollWidth") <= width, name
                assert violations(wide) == [], (name, scheme)
        wide.get_by_role("button", name="Drain…").click()
        assert violations(wide) == []


def test_a_daemon_that_stops_is_said_plainly(tmp_path: Path, wide: Page, complaints: list[str]) -> None:
    with running(tmp_path, "--dashboard-listen", "127.0.0.1:0") as daemon:
        wide.clock.install()
        wide.goto(f"{url_of(daemon)}?lang=de")
        expect(wide.get_by_text("Nur ansehen")).to_be_visible(timeout=WAIT)
        expect(wide.get_by_text("In Betrieb")).to_be_visible(timeout=WAIT)
        # Its next try to connect may come before the daemon has ended. A clock can be paused in the future only.
        wide.clock.pause_at(datetime.now(UTC) + timedelta(seconds=2))
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(TIMEOUT_S) == 0
        expect(wide.get_by_role("alert").first).to_contain_text("householdd wurde angehalten", timeout=WAIT)
        wide.clock.resume()
        expect(wide.get_by_role("alert").first).to_contain_text("Verbindung zu householdd ist verloren", timeout=WAIT)
    # What the browser says of the tries to connect; a closed page makes no more of them.
    wide.close()
    assert all("WebSocket connection" in each for each in complaints), complaints
    complaints.clear()
