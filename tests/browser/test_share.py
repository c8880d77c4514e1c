"""What a customer takes away from a run."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.views import PEOPLE, Served, in_state, start

SCREENSHOTS = Path(__file__).parent / "screenshots"


def download(page: Page, button: str, directory: Path) -> Path:
    """Presses a button and keeps the file that it gives, under the name that it gives."""
    with page.expect_download() as downloading:
        page.get_by_role("button", name=button, exact=True).click()
    path = directory / downloading.value.suggested_filename
    downloading.value.save_as(path)
    return path


def test_a_run_is_kept_as_json_csv_and_picture(daemon: Served, page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    start(page, f"{daemon.url}?seconds=12&computer=50")
    in_state(page, "done", 45)
    grade = page.locator("#report").get_attribute("data-grade")

    run = json.loads(download(page, "JSON", tmp_path).read_text())
    assert run["report"]["valid"] is True
    assert run["report"]["grade"] == grade
    assert [person["who"] for person in run["facts"]["people"]] == list(PEOPLE)
    # 12 s of pings at 20 Hz, which a busy machine may hold up now and then.
    assert 150 < len(run["facts"]["probe"]["loadedMs"]) <= 241

    with download(page, "CSV", tmp_path).open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {"who": "household", "figure": "grade", "unit": "", "value": grade} in rows
    assert {row["who"] for row in rows} == {"household", "probe", "probe_idle", *PEOPLE}

    picture = download(page, "Save picture", tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    SCREENSHOTS.mkdir(exist_ok=True)
    shutil.copy(picture, SCREENSHOTS / "card.png")

    page.get_by_role("button", name="Copy JSON").click()
    expect(page.locator("#shared")).to_have_text("Copied.")
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == run
