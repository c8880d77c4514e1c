"""The page on screens of all sizes, for every eye."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.views import BASELINE_S, Served, in_phase, in_state, screenshot

AXE = Path(__file__).parents[2] / "client" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"phone": (320, 640), "tablet": (800, 1000), "desktop": (1280, 800)}


def look(page: Page, state: str) -> None:
    """Nothing is wider than the screen, and axe finds nothing, on any size and in any colours."""
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(200)
            screenshot(page, f"{state}-{name}-{scheme}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert violations(page) == [], (state, name, scheme)


def violations(page: Page) -> list[str]:
    """What axe finds wrong, as rule and element."""
    found: list[str] = page.evaluate(
        """async () => {
            const { violations } = await axe.run();
            return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) =>
                `${id}: ${target.join(" ")} ${any.map(({ message }) => message).join(" ")}`));
        }"""
    )
    return found


def test_every_state_fits_every_screen_and_is_accessible(daemon: Served, page: Page) -> None:
    if not AXE.exists():
        pytest.skip(f"{AXE} is not installed: npm ci in client/")
    # Not a script tag: the page's own policy would refuse it.
    page.goto(f"{daemon.url}?seconds=12&computer=50")
    page.evaluate(AXE.read_text())
    look(page, "idle")

    page.get_by_role("button", name="Start the test").click()
    in_phase(page, "load", BASELINE_S + 10)
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(3000)
    screenshot(page, "running-phone-light")
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_timeout(1000)
    screenshot(page, "running-desktop-light")
    assert violations(page) == []
    in_state(page, "done", 30)
    look(page, "report")
    page.get_by_text("Details for experts").click()
    look(page, "details")

    page.get_by_role("link", name="?run=").click()
    in_state(page, "done", 10)
    page.evaluate(AXE.read_text())
    look(page, "stored")
