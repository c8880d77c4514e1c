"""What a customer takes away from a run."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import PEOPLE, PROBES, Served, forget, in_state, start, too_busy
from tests.daemon import wait_until
from tests.undisturbed import undisturbed

SCREENSHOTS = Path(__file__).parent / "screenshots"


def download(page: Page, button: str, directory: Path) -> Path:
    """Presses a button and keeps the file that it gives, under the name that it gives."""
    with page.expect_download() as downloading:
        page.get_by_role("button", name=button, exact=True).click()
    path = directory / downloading.value.suggested_filename
    downloading.value.save_as(path)
    return path


def words_of(page: Page) -> dict[str, list[str]]:
    """Everything that is said of a run, by the part of the page, what is folded away included."""
    parts = ("#report", ".live", "#people", "#timeline", "#advice", "#permalink", "#details table")
    said = {part: page.locator(part).all_text_contents() for part in parts}
    charts = page.locator(".chart")
    return said | {"charts": [str(charts.nth(place).get_attribute("aria-label")) for place in range(2)]}


def all_sessions_are_stored(daemon: Served, page: Page) -> None:
    """Waits until the run's last session is in the history: each is stored when it ends."""
    url = f"{daemon.url}virtual-household/runs/{page.locator('#permalink').inner_text().partition('run=')[2]}"
    wait_until(lambda: len(page.request.get(url).json()["sessions"]) == PROBES + len(PEOPLE), "all sessions are stored")


def test_a_run_is_kept_as_json_csv_and_picture(daemon: Served, page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def play() -> None:
        start(page, f"{daemon.url}?seconds=12&computer=10")
        in_state(page, "done", 45)

    undisturbed(play, lambda _: too_busy(page))
    grade = page.locator("#report").get_attribute("data-grade")
    shown = words_of(page)

    page.get_by_text("Details for experts").click()
    run = json.loads(download(page, "Download JSON", tmp_path).read_text())
    assert run["report"]["valid"] is True, run["report"]["invalid"]
    assert run["report"]["grade"] == grade
    assert [person["who"] for person in run["facts"]["people"]] == list(PEOPLE)
    # 12 s of pings at 20 Hz, which a busy machine may hold up now and then.
    assert 150 < len(run["facts"]["probe"]["loadedMs"]) <= 241

    with download(page, "Download CSV", tmp_path).open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {"who": "household", "figure": "grade", "unit": "", "value": grade, "stretch": ""} in rows
    # On a busy machine TCP may repeat a ping, which has rows of its own.
    assert {row["who"] for row in rows} - {"probe_repaired", "probe_held"} == {
        "household",
        "kernel",
        "probe",
        "probe_idle",
        *PEOPLE,
    }

    picture = download(page, "Save picture", tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    SCREENSHOTS.mkdir(exist_ok=True)
    shutil.copy(picture, SCREENSHOTS / "card.png")

    page.get_by_role("button", name="Copy JSON").click()
    expect(page.locator("#copied")).to_have_text("Copied.")
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == run

    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#shared")).to_have_text("Copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{daemon.url}?run=")
    all_sessions_are_stored(daemon, page)
    page.goto(link)
    in_state(page, "done", 10)
    expect(page.locator("#headline")).to_contain_text("Result from")
    expect(page.locator("#report")).to_have_attribute("data-grade", grade or "")
    assert words_of(page) == shown
    total = sum(person["download"]["gotBps"] for person in run["report"]["people"])
    assert float(page.locator("#sum-down").inner_text()) == pytest.approx(total / 1e6, rel=0.005)
    expect(page.get_by_role("img", name="Delay over time.")).to_be_visible()
    expect(page.get_by_role("link", name=link)).to_be_visible()
    page.get_by_role("button", name="Test your own line").click()
    expect(page.get_by_role("button", name="Start the test")).to_be_visible()


def test_a_link_without_a_run_behind_it_is_explained(daemon: Served, page: Page, complaints: list[str]) -> None:
    page.goto(f"{daemon.url}?run=000000000000000000000000&lang=de")
    expect(page.locator("#trouble")).to_contain_text("Zu diesem Link gibt es kein Ergebnis")
    page.get_by_role("button", name="Eigenen Anschluss testen").click()
    expect(page).to_have_url(f"{daemon.url}?lang=de")
    page.route("**/runs/*", lambda route: route.fulfill(status=503, body="unavailable"))
    page.goto(f"{daemon.url}?run=000000000000000000000000")
    expect(page.locator("#trouble")).to_contain_text("cannot be shown at the moment")
    page.unroute("**/runs/*")
    page.route("**/runs/*", lambda route: route.fulfill(status=200, body="<html>"))
    page.reload()
    expect(page.locator("#trouble")).to_contain_text("cannot be shown at the moment")
    # The browser's own words on the answers.
    forget(page, complaints, "Failed to load resource")
