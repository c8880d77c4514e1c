"""A run of both directions: what the page says of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import (
    PEOPLE,
    RUN_ID,
    Served,
    answer_with_run,
    count,
    everybody_is_on_the_line,
    forget,
    in_state,
    screenshot,
    start,
    stored_person,
)
from tests.run_reports import latency, run_report, stretch

ACTIVITIES = {"alex": "gaming", "sarah": "video_call", "jake": "streaming", "computer": "bulk_transfer"}


def person(who: str, down_mbps: float, up_mbps: float) -> dict[str, Any]:
    activity = ACTIVITIES[who]
    rates = [{"wanted_bps": 1e6 * each, "got_bps": 1e6 * each} for each in (down_mbps, up_mbps)]
    changes = {"activity": activity, "verdict": f"verdict.{activity}.poor", "score": 30, "band": "poor"}
    return stored_person(who, **changes, download=rates[0], upload=rates[1])


def people(down_mbps: float, up_mbps: float) -> list[dict[str, Any]]:
    rates = {"alex": (1.5, 0.75), "sarah": (2.5, 2.5), "jake": (5, 0.1), "computer": (down_mbps, up_mbps)}
    return [person(who, *rates[who]) for who in PEOPLE]


def both_ways(upload_ms: float) -> dict[str, Any]:
    """A run whose upload took up to ``upload_ms``."""
    stretches = [
        stretch("download", 13, 22, people=people(38, 0)),
        stretch("upload", 26.2, upload_ms, people=people(0, 6.4)),
        stretch("both", 39.4, upload_ms - 10, people=people(31, 5.9)),
    ]
    names = (("idle", 0, 5), ("warm_up", 5, 13), ("load", 13, 52.4), ("recovery", 52.4, 55.5))
    return run_report(
        baseline_ms=10,
        people=stretches[1]["people"],
        loaded=stretches[1]["loaded"],
        stretches=stretches,
        phases=[{"name": name, "from_s": start, "until_s": end} for name, start, end in names],
        timeline=[
            [at / 2, upload_ms if at > 52 else 22 if at > 26 else 10, 4e7 * (26 < at < 52), 8e6 * (at > 52)]
            for at in range(111)
        ],
        warm_up_mbps=40,
        loss_share=0,
        invalid=[],
    )


def found(*results: tuple[str, float, str]) -> list[dict[str, Any]]:
    """What the server found of each stretch: name, increase in milliseconds, grade."""
    rest = {"valid": True, "witness": "application", "rate_cause": "line", "kernel_increase_p95_ms": None}
    return [rest | {"stretch": name, "increase_p95_ms": added, "grade": grade} for name, added, grade in results]


@pytest.mark.parametrize(
    ("language", "words", "row"),
    [
        ("en", "Uploads are what hurts: +480\u00a0ms.", ["Upload", "+480", "9.00", "9.75", "F"]),
        ("de", "Uploads sind das Problem: +480\u00a0ms.", ["Upload", "+480", "9,00", "9,75", "F"]),
    ],
)
def test_a_run_names_the_direction_that_hurts(
    daemon: Served, page: Page, language: str, words: str, row: list[str]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    stretches = found(("download", 12, "A"), ("upload", 480, "F"), ("both", 470, "F"))
    answer_with_run(page, "F", both_ways(490), stretches=stretches)
    page.goto(f"{daemon.url}?run={RUN_ID}&lang={language}")
    expect(page.locator("#direction")).to_have_text(words)
    rows = page.locator("#stretches tbody tr")
    expect(rows).to_have_count(3)
    assert rows.nth(1).locator("th, td").all_inner_texts() == row
    # 90 % of the stretch's upload, and nothing for the direction that does not hurt.
    expect(page.locator("#remedy pre")).to_contain_text("download=0\nuci set sqm.household.upload=8770\n")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(page, f"directions-{language}")


def test_a_good_run_names_no_direction(daemon: Served, page: Page) -> None:
    stretches = found(("download", 12, "A"), ("upload", 25, "A"), ("both", 15, "A"))
    answer_with_run(page, "A", both_ways(35), stretches=stretches)
    page.goto(f"{daemon.url}?run={RUN_ID}&lang=en")
    expect(page.locator("#stretches tbody tr")).to_have_count(3)
    expect(page.locator("#direction")).to_be_empty()


def test_a_run_of_downloads_has_no_table(daemon: Served, page: Page) -> None:
    answer_with_run(page, "B", run_report(loaded=latency(20, 60), invalid=[]))
    page.goto(f"{daemon.url}?run={RUN_ID}&lang=en")
    expect(page.locator("#report")).to_have_attribute("data-valid", "true")
    expect(page.locator("#stretches")).to_be_hidden()


@pytest.mark.engines
def test_a_run_plays_three_stretches_with_everyone_connected(daemon: Served, page: Page) -> None:
    start(page, f"{daemon.url}?seconds=36&computer=10")
    for name, headline in (("download", "downloads."), ("upload", "uploads."), ("both", "downloads and uploads.")):
        expect(page.locator("html")).to_have_attribute("data-stretch", name, timeout=30_000)
        expect(page.locator("#headline")).to_contain_text(headline)
        everybody_is_on_the_line(page)
    in_state(page, "done", 40)
    received, sent = count(page, "computer", "received"), count(page, "computer", "sent")
    # 24 s of 10 Mbit/s each way, less what a busy machine delays.
    assert min(received, sent) > 15e6, (received, sent)
    run = exported(page)
    assert [each["stretch"] for each in run["stretches"]] == ["download", "upload", "both"]
    wanted = [
        [each["report"]["people"][3][way]["wantedBps"] for way in ("download", "upload")] for each in run["stretches"]
    ]
    assert wanted == [[10e6, 0.1e6], [0, 10e6], [10e6, 10.1e6]]
    for each in run["stretches"]:
        assert all(person["pingsSent"] > 100 for person in each["facts"]["people"]), each["stretch"]


OLDER_SERVER = """
    window.Worker = class extends Worker {
        postMessage({ url, ...message }) {
            super.postMessage({ ...message, url: url?.replace("/backup_", "/unknown_") });
        }
    };
"""
"""Lets the page ask for a profile that no server knows in place of ``backup``."""


def test_a_run_on_an_older_server_has_downloads_only(daemon: Served, page: Page, complaints: list[str]) -> None:
    page.add_init_script(OLDER_SERVER)
    start(page, f"{daemon.url}?seconds=36&computer=10")
    in_state(page, "done", 60)
    assert [each["stretch"] for each in exported(page)["stretches"]] == ["download"]
    assert "connection_lost" not in (page.locator("#report").get_attribute("data-invalid") or "")
    # The browser's own words for the refusal.
    forget(page, complaints)


def exported(page: Page) -> dict[str, Any]:
    """Return the JSON that the page offers."""
    with page.expect_download() as download:
        page.locator("#save-json").evaluate("(button) => button.click()")
    run: dict[str, Any] = json.loads(download.value.path().read_text())
    return run
