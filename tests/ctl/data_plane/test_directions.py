"""What `householdctl test` says of each direction of the line, of runs with given round trips."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from householdctl.data_plane.stretches import load_of
from tests.ctl.data_plane.given_runs import UNPINGED, both_ways, facts, gateway, play, played, row, show, stretch

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli


@pytest.mark.parametrize(
    ("increases_ms", "verdict", "shown", "grade"),
    [
        ((8, 480, 450), "uploads are what hurts: +480 ms", "upload", "F"),
        ((8, 480, 500), "uploads are what hurts: +480 ms", "both", "F"),
        ((250, 12, 240), "downloads are what hurts: +250 ms", "download", "D"),
        ((240, 310, 550), "downloads and uploads are what hurts: +550 ms", "both", "F"),
        ((3, 12, 8), "neither downloads nor uploads hurt: +12 ms at most", "upload", "A"),
    ],
)
def test_the_verdict_names_the_direction(
    bare_cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    increases_ms: tuple[float, ...],
    verdict: str,
    shown: str,
    grade: str,
) -> None:
    out = show(monkeypatch, bare_cli, "table", both_ways(*increases_ms)).out
    assert row(out, "verdict") == verdict
    assert row(out, "shown in detail") == f"{shown}, the worst of 3 stretches"
    assert row(out, "household grade") == grade


def test_each_stretch_has_a_row(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    out = show(monkeypatch, bare_cli, "table", both_ways(8, 480, 450)).out
    header, *rows = out.split("\n\n")[1].splitlines()
    assert header.split() == ["STRETCH", "ADDED", "P95", "DOWN", "UP", "GRADE"]
    assert [each.split()[0] for each in rows] == ["download", "upload", "both"]
    assert rows[1].split() == ["upload", "480.0", "ms", "2.0", "Mbit/s", "2.0", "Mbit/s", "F"]


def test_a_stretch_that_does_not_count_is_shown_and_no_direction_is_named(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled = stretch(facts(300.0, serverOverloaded=True), "upload")
    outcome = show(monkeypatch, bare_cli, "table", played(stretch(facts(520.0)), spoiled))
    assert outcome.code == 1
    assert "verdict  " not in outcome.out
    assert row(outcome.out, "shown in detail") == "upload, the worst of 2 stretches"
    assert row(outcome.out, "household grade") == "none"
    assert "this run does not count: the server was too busy to measure" in outcome.err


def test_a_run_of_downloads_only_is_shown_as_ever(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = play(monkeypatch, bare_cli, UNPINGED, "table")
    assert "STRETCH" not in outcome.out
    assert "verdict  " not in outcome.out
    assert outcome.err == ""


def test_json_has_facts_and_report_of_each_stretch_and_those_of_the_worst_on_top(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = show(monkeypatch, bare_cli, "json", both_ways(8, 480, 450)).json
    assert [each["stretch"] for each in document["stretches"]] == ["download", "upload", "both"]
    assert [each["report"]["grade"] for each in document["stretches"]] == ["A", "F", "F"]
    assert document["stretch"] == "upload"
    assert document["report"] == document["stretches"][1]["report"]
    assert document["facts"] == document["stretches"][1]["facts"]
    assert document["stretches"][1]["began"] == "2026-11-18T11:07:03.000000+00:00"
    assert document["stretches"][1]["ended"] == "2026-11-18T11:07:15.000000+00:00"
    assert "arrivals" not in document["facts"]["people"][0]


def test_the_gateways_delay_is_that_of_the_worst_stretch(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    run = played(stretch(facts(28.0), pinged=gateway(3.0)), stretch(facts(220.0), "upload", pinged=gateway(202.0)))
    document = show(monkeypatch, bare_cli, "json", run).json
    assert document["home_or_line"]["place"] == "home"
    assert document["home_or_line"]["increase_p95_ms"] == 200.0
    assert document["stretches"][0]["facts"]["gateway"]["loaded_ms"] == [3.0] * 240


def test_csv_keeps_a_row_for_each_person_with_columns_for_each_stretch(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*csv.DictReader(io.StringIO(show(monkeypatch, bare_cli, "csv", both_ways(8, 480, 450)).out))]
    assert [each["who"] for each in rows] == ["alex", "computer"]
    alex = rows[0]
    assert alex["stretch"] == "upload"
    assert alex["latency.increase_p95_ms"] == alex["stretches.upload.latency.increase_p95_ms"] == "480.0"
    assert alex["stretches.download.latency.increase_p95_ms"] == "8.0"
    assert [alex[f"stretches.{name}.grade"] for name in ("download", "upload", "both")] == ["A", "F", "F"]


def test_an_older_server_gets_a_download_and_a_note(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    run = played(stretch(facts()), takes_backups=False)
    err = show(monkeypatch, bare_cli, "json", run).err
    assert err == "only downloads were tested: the server is older, and has no upload of the Computer\n"


def test_a_load_too_short_for_all_stretches_is_a_download_and_says_so(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = played(stretch(facts()), takes_backups=False)
    err = show(monkeypatch, bare_cli, "json", run, "--duration", "30s").err
    assert err == (
        "only downloads are tested: 30s leave 10s for each stretch, too short for the 100 pings that a verdict needs;"
        " both directions take 36s\n"
    )
    assert show(monkeypatch, bare_cli, "json", both_ways(8, 480, 450), "--duration", "36s").err == ""


@pytest.mark.parametrize(
    ("seconds", "download_only", "each_s", "count"),
    [(None, False, 12.0, 3), (60.0, False, 20.0, 3), (None, True, 30.0, 1), (12.0, True, 12.0, 1)],
)
def test_a_load_is_shared_out_equally(seconds: float | None, download_only: bool, each_s: float, count: int) -> None:
    load = load_of(seconds, download_only=download_only)
    assert (load.stretch_s, len(load.stretches)) == (each_s, count)
