"""The page with the text that people enlarge, on screens that stay small (WCAG 2.2, 1.4.4 and 1.4.10), and on paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import BASELINE_S, forget, in_phase, in_state, screenshot, show_stored
from tests.daemon import Daemon

ENLARGED = [(390, 844, 200), (360, 740, 150), (320, 640, 125), (320, 640, 100), (1366, 768, 200)]
"""Width and height of the screen, pixels, and the size of the text, percent."""

_SQUEEZED = """() => {
    const own = (each) => [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    return [...document.querySelectorAll("body *")]
        .filter((each) => own(each) && each.checkVisibility() && !each.closest(".unseen, .table, svg"))
        .filter((each) => {
            const { width, height } = each.getBoundingClientRect();
            const { fontSize, lineHeight } = getComputedStyle(each);
            const em = parseFloat(fontSize);
            return width < 4 * em && height > 3.5 * (parseFloat(lineHeight) || 1.3 * em);
        })
        .map((each) => `${each.id || each.className || each.tagName}: ${each.textContent}`);
}"""
"""Texts in boxes of less than 4 em that take more than three lines: a letter or two a line."""

_WIDER = """() => [...document.querySelectorAll("main *, footer *")]
    .filter((each) => each.checkVisibility() && !each.closest(".unseen, .table, svg, .chart"))
    .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((each) => each.id || each.className || each.tagName)"""
"""What stands out of the screen at the right."""


def fits(page: Page, state: str) -> None:
    """On every screen with enlarged text nothing is cut off, scrolls sideways, or is squeezed."""
    for width, height, percent in ENLARGED:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("percent => { document.documentElement.style.fontSize = `${percent}%`; }", percent)
        page.wait_for_timeout(150)
        name = f"{state}-{width}-{percent}"
        screenshot(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(_WIDER) == [], name
        assert page.evaluate(_SQUEEZED) == [], name
    page.evaluate("document.documentElement.style.fontSize = ''")


@pytest.mark.parametrize("language", ["en", "de"])
def test_enlarged_text_fits_small_screens_in_every_state(daemon: Daemon, page: Page, language: str) -> None:
    page.goto(f"{daemon.url}?seconds=12&computer=10&lang={language}")
    expect(page.locator("#run")).to_be_enabled()
    fits(page, f"idle-{language}")
    page.locator("#run").click()
    in_phase(page, "load", BASELINE_S + 10)
    page.wait_for_timeout(1500)
    fits(page, f"running-{language}")
    page.locator("#run").click()
    expect(page.locator("html")).to_have_attribute("data-outcome", "invalid", timeout=20_000)
    fits(page, f"stopped-{language}")
    show_stored(page, daemon.url, language)
    fits(page, f"stored-{language}")
    for folded in page.locator("summary").all():
        folded.click()
    fits(page, f"details-{language}")


@pytest.mark.parametrize("language", ["en", "de"])
def test_enlarged_text_fits_where_a_run_is_refused(
    daemon: Daemon, page: Page, complaints: list[str], language: str
) -> None:
    page.goto(f"{daemon.url}?seconds=5&computer=0&lang={language}")
    fits(page, f"wrong-{language}")
    drained = daemon.ctl("drain", "--reason", "maintenance", "--yes")
    assert drained.returncode == 0, drained.stderr
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-refused", "maintenance")
    fits(page, f"refused-before-{language}")
    # As of a server that drains between the question and the press.
    page.route("**/virtual-household/ready", lambda route: route.fulfill(status=200, body='{"ready": true}'))
    page.reload()
    page.locator("#run").click()
    in_state(page, "failed", 20)
    fits(page, f"refused-{language}")
    forget(page, complaints)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_printed_result_is_light_whole_and_has_nothing_to_press(daemon: Daemon, page: Page, scheme: str) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    show_stored(page, daemon.url, "de")
    # A sheet of A4 between its margins.
    page.set_viewport_size({"width": 680, "height": 960})
    page.emulate_media(media="print", color_scheme=scheme)  # type: ignore[arg-type]
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(300)
    screenshot(page, f"print-{scheme}")
    for what in ("#run", ".buttons", "#languages", "progress"):
        expect(page.locator(f"{what}:visible")).to_have_count(0)
    expect(page.locator("#report")).to_be_visible()
    expect(page.locator("#details table").first).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    assert page.evaluate(_WIDER) == []
    colours = page.evaluate(
        """() => ["#headline", "#meaning", ".verdict", ".legend li"].map((each) =>
            getComputedStyle(document.querySelector(each)).color.match(/[0-9]+/g).map(Number))"""
    )
    assert all(max(colour[:3]) < 128 for colour in colours), colours
    # The whole canvas is there, and it was drawn for paper: its grid has the colour of the light scheme.
    charts = page.evaluate(
        """() => [...document.querySelectorAll(".chart")].map((chart) => {
            const canvas = chart.querySelector("canvas");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let grid = 0;
            for (let at = 0; at < data.length; at += 4) {
                if (data[at] === 0xdc && data[at + 1] === 0xdf && data[at + 2] === 0xe8) grid += 1;
            }
            const [box, own] = [chart.getBoundingClientRect(), canvas.getBoundingClientRect()];
            return { whole: own.bottom <= box.bottom + 1 && own.right <= box.right + 1, grid };
        })"""
    )
    assert len(charts) == 2
    for chart in charts:
        assert chart["whole"], charts
        assert chart["grid"] > 100, charts
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen", color_scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator("#details table").first).to_be_hidden()


def test_a_bad_line_is_told_without_contradiction_and_the_worst_score_is_seen(daemon: Daemon, page: Page) -> None:
    show_stored(page, daemon.url, "en")
    jake = page.locator("[data-user=jake]")
    expect(jake.locator(".detail")).to_have_text("The speed was enough for a blurry picture only: 1.40 of 5.00 Mbit/s.")
    expect(page.locator("#advice")).to_contain_text("too slow for at least one person")
    score = jake.locator(".score")
    expect(score).to_be_visible()
    poor = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--poor').trim()")
    colour = score.evaluate("each => getComputedStyle(each).color.match(/[0-9]+/g).map(Number)")
    assert "#" + "".join(f"{part:02x}" for part in colour[:3]) == poor
    # An arc of nothing would be a score that is missing.
    assert "0%" not in score.evaluate("each => getComputedStyle(each).backgroundImage").split("conic-gradient")[1][:40]
    screenshot(page, "bad")
