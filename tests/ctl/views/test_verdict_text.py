"""Texts of verdicts, beside those of the page."""

from __future__ import annotations

import re
from pathlib import Path

from householdctl.views.verdict_text import INVALID, VERDICTS, verdict

PAGE = (Path(__file__).parents[3] / "client/src/text/en.ts").read_text(encoding="utf-8")


def test_verdicts_say_what_the_page_says() -> None:
    page = {key: text.replace("\u2019", "'") for key, text in re.findall(r'"(verdict\.\w+\.\w+)":\s*"([^"]*)"', PAGE)}
    assert page == {
        f"verdict.{activity}.{band}": text for activity, row in VERDICTS.items() for band, text in row.items()
    }
    assert {key: verdict(key) for key in page} == page


def test_every_reason_of_the_page_for_an_invalid_run_has_a_text() -> None:
    assert set(INVALID) == set(re.findall(r'"invalid\.(\w+)":', PAGE))


def test_an_activity_of_a_newer_client_is_shown_by_its_key() -> None:
    assert verdict("verdict.reading.good") == "verdict.reading.good"
