"""What the page says when server or operator refuse or end a run: one panel with the cause and what to do."""

from __future__ import annotations

import os
import re
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import PEOPLE, everybody_is_on_the_line, forget, in_phase, in_state, screenshot, start
from tests.daemon import Daemon


def only_says(page: Page, title: str, todo: str) -> None:
    """The panel says that, and nothing else is told of the run: no report, no figures, no words of the server."""
    expect(page.locator("html")).to_have_attribute("data-outcome", "interrupted")
    expect(page.locator("#headline")).to_have_text(title)
    expect(page.locator("#trouble")).to_contain_text(todo)
    for part in ("#report", ".live", ".house", "#timeline", "#advice", "#share", "#details"):
        expect(page.locator(part)).to_be_hidden()
    words = page.locator("main").inner_text()
    assert not re.search("drain|operator|busy for this test|too few|secret", words, re.IGNORECASE), words


def refused(page: Page) -> None:
    """The customer waits, and is told how long."""
    button = page.get_by_role("button", name=re.compile("Try again in [0-9]+ s"))
    expect(button).to_be_visible()
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(page.locator("html")).not_to_have_attribute("data-state", "connecting")


# By itself: of a starved browser that loses its server the page says that the device was too slow.
@pytest.mark.rates
def test_a_server_that_is_killed_in_the_middle(daemon: Daemon, page: Page, complaints: list[str]) -> None:
    start(page, f"{daemon.url}?warmup=0")
    everybody_is_on_the_line(page)
    for pid in daemon.worker_pids():
        os.kill(pid, signal.SIGSTOP)
    expect(page.get_by_text("No answer from the server for")).to_have_count(len(PEOPLE), timeout=10_000)
    expect(page.get_by_text("No answer from the server for").first).to_be_visible()
    for pid in daemon.worker_pids():
        os.kill(pid, signal.SIGKILL)
    in_state(page, "failed", 30)
    only_says(page, "The connection was lost.", "run the test again")
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    screenshot(page, "server-killed")
    # Readiness was asked of a server that starts again.
    forget(page, complaints)


def test_a_session_that_the_operator_kills_in_the_middle(daemon: Daemon, page: Page) -> None:
    start(page, f"{daemon.url}?seconds=20&computer=50")
    everybody_is_on_the_line(page)
    (jake,) = (session for session in daemon.list_sessions() if session.profile == "jake")
    killed = daemon.ctl("sessions", "kill", jake.id, "--reason", "secret reason", "--yes")
    assert killed.returncode == 0, killed.stderr

    card = page.locator("[data-user=jake]")
    expect(card).to_have_attribute("data-state", "failed")
    expect(card).to_contain_text("Your provider ended this test.")
    expect(page.locator("#headline")).to_have_text("3 of 4 are online.")
    expect(page.locator("#trouble")).to_have_text("Jake: Your provider ended this test.")
    expect(page.locator("[data-user][data-state=running]")).to_have_count(len(PEOPLE) - 1)
    in_state(page, "failed", 40)
    only_says(page, "Your provider ended this test.", "You can run it again")
    screenshot(page, "session-killed")


def test_a_household_whose_sessions_are_all_killed_is_told_so_in_german(daemon: Daemon, page: Page) -> None:
    page.goto(f"{daemon.url}?lang=de&computer=50")
    page.get_by_role("button", name="Test starten").click()
    everybody_is_on_the_line(page)
    killed = daemon.ctl("sessions", "kill", "--all", "--reason", "secret reason", "--yes")
    assert killed.returncode == 0, killed.stderr
    in_state(page, "failed", 40)
    only_says(page, "Ihr Anbieter hat diesen Test beendet.", "noch einmal starten")


def test_a_run_that_a_drain_ends_is_told_of_the_maintenance(daemon: Daemon, page: Page, complaints: list[str]) -> None:
    start(page, f"{daemon.url}?computer=50")
    in_phase(page, "load", 20)
    drained = daemon.ctl("drain", "--deadline", "1s", "--reason", "secret reason", "--yes")
    assert drained.returncode == 0, drained.stderr
    in_state(page, "failed", 40)
    only_says(page, "The test is closed for maintenance.", "try again in a few minutes")
    refused(page)
    forget(page, complaints, "503")


def test_a_drain_shows_before_the_start_and_its_end_too(daemon: Daemon, page: Page, complaints: list[str]) -> None:
    drained = daemon.ctl("drain", "--reason", "secret reason", "--yes")
    assert drained.returncode == 0, drained.stderr
    page.goto(f"{daemon.url}?lang=de")
    expect(page.locator("#headline")).to_have_text("Der Test ist wegen Wartung geschlossen.")
    expect(page.get_by_role("button", name=re.compile("Wieder möglich in [0-9]+ s"))).to_be_visible()
    assert "secret" not in page.locator("main").inner_text()
    screenshot(page, "draining-before")

    assert daemon.ctl("resume").returncode == 0
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("button", name="Test starten")).to_have_attribute("aria-disabled", "false")
    expect(page.locator("#headline")).to_contain_text("Der Test dauert etwa")
    forget(page, complaints, "503")


def test_a_server_that_takes_nobody_says_why_in_words(daemon: Daemon, page: Page, complaints: list[str]) -> None:
    page.goto(daemon.url)
    expect(page.locator("#headline")).to_contain_text("The test takes about")
    drained = daemon.ctl("drain", "--reason", "secret reason", "--yes")
    assert drained.returncode == 0, drained.stderr
    page.get_by_role("button", name="Start the test").click()
    in_state(page, "failed", 20)
    only_says(page, "The test is closed for maintenance.", "try again in a few minutes")
    refused(page)
    screenshot(page, "draining")

    for words in (("resume",), ("config", "set", "limits.max_sessions=3")):
        done = daemon.ctl(*words)
        assert done.returncode == 0, done.stderr
    page.reload()
    page.get_by_role("button", name="Start the test").click()
    in_state(page, "failed", 30)
    only_says(page, "The test server is busy at the moment.", "try again shortly")
    refused(page)
    # Once it is over the button works, and finds what has become of it.
    expect(page.get_by_role("button", name="Run again")).to_have_attribute("aria-disabled", "false", timeout=40_000)
    screenshot(page, "full")
    # The browser's own words on the handshakes that were refused.
    forget(page, complaints, "503")


def test_a_server_without_a_word_on_readiness_lets_the_customer_try(
    daemon: Daemon, page: Page, complaints: list[str]
) -> None:
    page.route("**/virtual-household/ready", lambda route: route.fulfill(status=404, body="Not found."))
    page.goto(daemon.url)
    expect(page.get_by_role("button", name="Start the test")).to_be_enabled()
    expect(page.locator("#headline")).to_contain_text("The test takes about")
    forget(page, complaints, "404")


def test_a_browser_whose_workers_do_nothing_is_named_after_a_while(daemon: Daemon, page: Page) -> None:
    idle = "onmessage = () => {};"
    page.route("**/worker.js", lambda route: route.fulfill(content_type="text/javascript", body=idle))
    start(page, daemon.url)
    in_state(page, "failed", 60)
    only_says(page, "Your browser could not run the test.", "use another browser")
    assert daemon.list_sessions() == []
