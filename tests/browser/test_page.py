"""The page in a real browser, over WSS."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import (
    BASELINE_S,
    PEOPLE,
    Served,
    announcements,
    count,
    everybody_is_on_the_line,
    in_phase,
    in_state,
    phases_seen,
    report_says,
    screenshot,
    start,
    too_busy,
    watch_announcements,
    watch_phases,
)
from tests.undisturbed import undisturbed


@pytest.mark.rates
def test_a_household_runs_for_twenty_seconds_and_gets_a_report(daemon: Served, page: Page) -> None:
    def play() -> dict[str, tuple[int, int]]:
        """Goes to the report; what everybody had received and sent halfway."""
        page.goto(f"{daemon.url}?seconds=20&computer=10")
        watch_phases(page)
        watch_announcements(page)
        in_state(page, "idle", 5)
        screenshot(page, "idle")

        page.get_by_role("button", name="Start the test").click()
        in_state(page, "running", 20)
        assert {count(page, person, "received") for person in PEOPLE} == {0}
        in_phase(page, "load", BASELINE_S + 5)
        page.wait_for_timeout(10_000)
        halfway = {person: (count(page, person, "received"), count(page, person, "sent")) for person in PEOPLE}
        in_state(page, "done", 40)
        return halfway

    halfway = undisturbed(play, lambda _: too_busy(page))
    assert phases_seen(page) == ["idle-baseline", "load", "recovery"]
    announced = announcements(page)
    # One for each phase, and the grade at the end; not one for each person that comes and goes.
    assert not any("of 4" in each or "Stopping" in each for each in announced), announced
    assert [each for each in announced if "Grade" in each] == announced[-1:], announced
    assert len(announced) <= 6, announced
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map((each) => [each.tagName, each.id])")
    assert levels[0][0] == "H1"
    house = next(place for place, (_, name) in enumerate(levels) if name == "house-heading")
    assert levels[house : house + 5] == [["H2", "house-heading"], *(["H3", f"name-{person}"] for person in PEOPLE)]
    screenshot(page, "done")

    for person in PEOPLE:
        card = page.locator(f"[data-user={person}]")
        expect(card).to_have_attribute("data-state", "done")
        received, sent = halfway[person]
        assert 0 < received < count(page, person, "received"), person
        assert 0 < sent < count(page, person, "sent"), person
        # The median of the page's own pings, milliseconds.
        assert 0 < float(card.locator("[data-figure=p50]").inner_text().replace(",", "")) < 1000, person
        expect(card.locator(".score")).to_be_visible()
        expect(card.locator(".verdict")).not_to_be_empty()
    expect(page.locator("#headline")).to_have_text("Test finished.")
    assert page.locator("html").get_attribute("data-phase") is None

    report = page.locator("#report")
    expect(report).to_have_attribute("data-valid", "true")
    # The loopback has no queue worth the name; at the Computer's full rate the processors of the test have one.
    assert report.get_attribute("data-grade") in {"A+", "A"}, report.inner_text()
    expect(page.locator("[data-user=sarah] .detail")).to_contain_text("MOS")
    expect(page.locator("[data-user=jake] .detail")).to_contain_text("picture")
    expect(page.locator("#advice li")).not_to_have_count(0)
    expect(page.get_by_role("img", name="Delay over time.")).to_be_visible()
    page.get_by_text("Details for experts").click()
    expect(page.locator("#delay-table tbody tr")).to_have_count(2 + len(PEOPLE))
    expect(page.locator("#rate-table tbody tr")).to_have_count(len(PEOPLE))
    # The probe is among them.
    expect(page.locator("#tcp-table tbody tr")).to_have_count(1 + len(PEOPLE))
    expect(page.locator("#tcp-table tbody td:last-child")).to_have_text(["cubic"] * (1 + len(PEOPLE)))


WAKE_LOCKS = """
    window.awake = 0;
    navigator.wakeLock.request = async () => {
        window.awake += 1;
        return { release: async () => { window.awake -= 1; } };
    };
"""
"""Counts the locks that the page holds: a headless browser has no screen to keep on."""


@pytest.mark.rates
def test_a_stop_in_the_middle_is_clean_and_the_test_can_run_again(daemon: Served, page: Page) -> None:
    page.add_init_script(WAKE_LOCKS)
    page.emulate_media(reduced_motion="reduce")
    page.goto(daemon.url)
    moving = "[...document.querySelectorAll('*')].filter(each => getComputedStyle(each).transitionDuration !== '0s')"
    assert page.evaluate(f"{moving}.length") == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(f"{moving}.length") > 0
    assert page.evaluate("window.awake") == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    in_state(page, "running", 20)
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    alone = "[data-phase=warm-up]:has([data-user=computer][data-state=running]):has([data-user=alex][data-state=idle])"
    expect(page.locator(alone)).to_be_attached(timeout=(BASELINE_S + 10) * 1000)
    everybody_is_on_the_line(page)
    assert page.evaluate("window.awake") == 1
    page.wait_for_timeout(2000)

    page.keyboard.press("Enter")
    in_state(page, "done", 20)
    page.wait_for_function("window.awake === 0")
    # Why there is no grade is all that is said.
    expect(page.locator("#line")).to_have_text("")
    for part in (".live", ".house", "#timeline", "#advice", ".grade"):
        expect(page.locator(part)).to_be_hidden()
    assert "Test stopped." in page.locator("#status").inner_text()
    report_says(page, "stopped early")
    received = {person: count(page, person, "received") for person in PEOPLE}
    page.wait_for_timeout(1000)
    assert {person: count(page, person, "received") for person in PEOPLE} == received

    page.keyboard.press("Enter")
    in_phase(page, "idle-baseline", 20)
    expect(page.locator("#report")).to_be_hidden()
    page.keyboard.press("Enter")
    in_state(page, "done", 20)
    report_says(page, "stopped early")


@pytest.mark.rates
def test_a_page_out_of_sight_says_that_the_run_does_not_count(daemon: Served, page: Page) -> None:
    start(page, f"{daemon.url}?seconds=12")
    in_phase(page, "load", BASELINE_S + 10)
    # Headless Chromium shows every page, so the browser's own word for it is put in its place.
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { get: () => true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(page.locator("#trouble")).to_contain_text("keep this page in view")
    in_state(page, "done", 40)
    report_says(page, "hidden")
    page.get_by_role("link", name="?run=").click()
    expect(page.locator("#headline")).to_contain_text("Result from")
    report_says(page, "hidden")


def test_the_page_speaks_german_too(daemon: Served, page: Page) -> None:
    page.goto(f"{daemon.url}?lang=de&computer=50")
    expect(page.get_by_role("heading", level=1)).to_have_text("Internet-Haushaltstest")
    assert page.locator("html").get_attribute("lang") == "de"
    page.get_by_role("button", name="Test starten").click()
    everybody_is_on_the_line(page)
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Abbrechen").click()
    in_state(page, "done", 10)
    report_says(page, "vorzeitig abgebrochen")
    screenshot(page, "german")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
