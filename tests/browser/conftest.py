"""A real browser for the tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the page is not tested in a browser")

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.engines import CHROMIUM, CHROMIUM_ARGUMENTS

# Milliseconds, for what a busy machine shows late.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH: the page is not tested in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said on the page; a test that expects some clears them."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A phone's page; a message of the console, such as one of the content security policy, fails the test."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 320, "height": 640}, locale="en-GB")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []
