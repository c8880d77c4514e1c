"""The page in a real browser, over WSS."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the page is not tested in a browser")

from playwright.sync_api import Browser, Page, expect, sync_playwright

PEOPLE = ("alex", "sarah", "jake", "computer")
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The certificate of a test is not one that a browser trusts.
    "--ignore-certificate-errors",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: the page is not tested in a browser")


class Served(Protocol):
    """A daemon that serves the page at ``url``, which ends in a slash."""

    @property
    def url(self) -> str: ...


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's page; a message of the console, such as one of the content security policy, fails the test."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 320, "height": 640})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def state_of(page: Page) -> str:
    return page.locator("html").get_attribute("data-state") or ""


def in_state(page: Page, state: str, seconds: float) -> None:
    expect(page.locator("html")).to_have_attribute("data-state", state, timeout=seconds * 1000)


def count(page: Page, person: str, what: str) -> int:
    return int(page.locator(f"[data-user={person}]").get_attribute(f"data-{what}-bytes") or 0)


def screenshot(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def test_a_household_runs_for_twenty_seconds(daemon: Served, page: Page) -> None:
    page.goto(f"{daemon.url}?seconds=20")
    assert state_of(page) == "idle"
    screenshot(page, "idle")

    page.get_by_role("button", name="Start the test").click()
    in_state(page, "running", 5)
    page.wait_for_timeout(10_000)
    screenshot(page, "running")
    halfway = {person: (count(page, person, "received"), count(page, person, "sent")) for person in PEOPLE}
    in_state(page, "done", 20)
    screenshot(page, "done")

    for person in PEOPLE:
        card = page.locator(f"[data-user={person}]")
        expect(card).to_have_attribute("data-state", "done")
        received, sent = halfway[person]
        assert 0 < received < count(page, person, "received"), person
        assert 0 < sent < count(page, person, "sent"), person
        # The median of the page's own pings, milliseconds.
        assert 0 < float(card.locator("[data-figure=p50]").inner_text().replace(",", "")) < 1000, person
    assert "20 seconds" in page.locator("#status").inner_text()


def test_a_stop_in_the_middle_is_clean_and_the_test_can_run_again(daemon: Served, page: Page) -> None:
    page.goto(daemon.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    in_state(page, "running", 5)
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    expect(page.locator("[data-user][data-state=running]")).to_have_count(len(PEOPLE))
    page.wait_for_timeout(2000)

    page.keyboard.press("Enter")
    in_state(page, "done", 5)
    assert "Stopped after" in page.locator("#status").inner_text()
    received = {person: count(page, person, "received") for person in PEOPLE}
    page.wait_for_timeout(1000)
    assert {person: count(page, person, "received") for person in PEOPLE} == received

    page.keyboard.press("Enter")
    in_state(page, "running", 5)
    page.keyboard.press("Enter")
    in_state(page, "done", 5)


def test_nothing_is_wider_than_the_screen(daemon: Served, page: Page) -> None:
    page.goto(f"{daemon.url}?seconds=5")
    page.get_by_role("button", name="Start the test").click()
    in_state(page, "done", 15)
    for name, width in {"phone": 320, "tablet": 768, "desktop": 1280}.items():
        page.set_viewport_size({"width": width, "height": 720})
        page.emulate_media(color_scheme="dark")
        screenshot(page, f"{name}-dark")
        page.emulate_media(color_scheme="light")
        screenshot(page, f"{name}-light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
