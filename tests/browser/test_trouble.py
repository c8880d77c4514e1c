"""What the page says when the server, or whoever runs it, ends a run."""

from __future__ import annotations

import os
import signal

from playwright.sync_api import Page, expect

from tests.browser.views import PEOPLE, everybody_is_on_the_line, in_state, report_says, screenshot, start
from tests.daemon import Daemon


def test_a_server_that_is_killed_in_the_middle(daemon: Daemon, page: Page) -> None:
    start(page, f"{daemon.url}?warmup=0")
    everybody_is_on_the_line(page)
    for pid in daemon.worker_pids():
        os.kill(pid, signal.SIGSTOP)
    expect(page.get_by_text("No answer from the server for")).to_have_count(len(PEOPLE), timeout=10_000)
    expect(page.get_by_text("No answer from the server for").first).to_be_visible()
    for pid in daemon.worker_pids():
        os.kill(pid, signal.SIGKILL)
    in_state(page, "failed", 30)
    expect(page.locator("#trouble")).to_contain_text("The connection was lost.")
    report_says(page, "A connection was lost")
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    screenshot(page, "server-killed")


def test_a_session_that_the_operator_kills_in_the_middle(daemon: Daemon, page: Page) -> None:
    start(page, f"{daemon.url}?seconds=20&computer=50")
    everybody_is_on_the_line(page)
    (jake,) = (session for session in daemon.list_sessions() if session.profile == "jake")
    killed = daemon.ctl("sessions", "kill", jake.id, "--reason", "too noisy", "--yes")
    assert killed.returncode == 0, killed.stderr

    card = page.locator("[data-user=jake]")
    expect(card).to_have_attribute("data-state", "failed")
    expect(card).to_contain_text("too noisy")
    expect(page.locator("[data-user][data-state=running]")).to_have_count(len(PEOPLE) - 1)
    in_state(page, "failed", 40)
    expect(page.locator("#trouble")).to_contain_text("Jake")
    report_says(page, "A connection was lost during the test")
    screenshot(page, "session-killed")


def test_a_server_that_takes_nobody_says_why_in_words(daemon: Daemon, page: Page, complaints: list[str]) -> None:
    page.goto(daemon.url)
    drained = daemon.ctl("drain", "--reason", "maintenance", "--yes")
    assert drained.returncode == 0, drained.stderr
    page.get_by_role("button", name="Start the test").click()
    in_state(page, "failed", 20)
    expect(page.locator("#trouble")).to_contain_text("takes no new tests at the moment: Draining; try again in")
    report_says(page, "too busy for this test")
    screenshot(page, "draining")

    for words in (("resume",), ("config", "set", "limits.max_sessions=3")):
        done = daemon.ctl(*words)
        assert done.returncode == 0, done.stderr
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#trouble")).to_contain_text("Full with 3 sessions; try again in 10 s.", timeout=20_000)
    in_state(page, "failed", 20)
    report_says(page, "too busy for this test")
    screenshot(page, "full")
    # The browser's own words on the handshakes that were refused.
    assert all("503" in complaint for complaint in complaints), complaints
    complaints.clear()
