"""What the page says to do about the line: limits for the router."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.test_looks import AXE, violations
from tests.browser.views import RUN_ID, Served, answer_with_run, screenshot, show_stored
from tests.run_reports import latency, run_report


def test_a_queue_gets_limits_for_the_router_to_copy(daemon: Served, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show_stored(page, daemon.url, "en")
    expect(page.locator("#router-limits")).to_be_hidden()
    page.get_by_text("Settings for your router").click()
    # Four people got 1.4 Mbit/s each.
    expect(page.locator("#router-limits")).to_contain_text("90% of the speed measured here: 5.04 Mbit/s for download.")
    page.get_by_role("button", name="Copy lines").click()
    expect(page.locator("#lines-copied")).to_have_text("Copied.")
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert "uci set sqm.household.download=5040" in lines
    assert "uci set sqm.household.upload=0" in lines
    screenshot(page, "remedy")
    page.evaluate(AXE.read_text())
    assert violations(page) == []


def test_a_line_that_stays_quick_gets_none(daemon: Served, page: Page) -> None:
    answer_with_run(page, "A", run_report(loaded=latency(12, 20), invalid=[]))
    page.goto(f"{daemon.url}?run={RUN_ID}&lang=en")
    expect(page.locator("#advice")).to_contain_text("Nothing:")
    expect(page.locator("#remedy")).to_be_hidden()
