"""Sessions of a run of both directions, at a small server."""

from __future__ import annotations

from http import HTTPStatus
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.ctl.data_plane.small_server import SmallServer

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli


@pytest.fixture(autouse=True)
def short_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {
        "run.IDLE_S": 0.6,
        "run.RECOVERY_S": 0.2,
        "run.SETTLE_S": 0.2,
        "warm_up.WARM_UP_S": 0.6,
        "warm_up.MAX_WARM_UP_S": 1.0,
        "warm_up.COUNTED_S": 0.4,
        "warm_up.RAMP_S": 0.2,
        "warm_up.SETTLE_S": 0.2,
        "stretches.LOAD_S": 1.5,
        "stretches.DOWNLOAD_ONLY_S": 0.5,
    }.items():
        monkeypatch.setattr(f"householdctl.data_plane.{name}", seconds)


def test_people_stay_while_the_computer_has_sessions_for_each_stretch(bare_cli: Cli) -> None:
    server = SmallServer(99, HTTPStatus.NOT_FOUND)
    with server.running() as url:
        document = bare_cli("test", url, "--computer", "20", "--no-share", "-o", "json").json
    # The first backup is the question whether the server has that profile.
    assert server.entered[:5] == ["probe"] * 4 + ["backup"]
    assert sorted(server.entered[5:8]) == ["alex", "jake", "sarah"]
    assert server.entered[8:10] == ["computer", "backup"]
    assert sorted(server.entered[10:]) == ["backup", "computer"]
    assert server.queries[8:10] == ["computer throughput=20", "backup throughput=20"]
    assert [each["stretch"] for each in document["stretches"]] == ["download", "upload", "both"]
    assert [*document["began"]] == ["idle", "load", "recovery"]
    ends = [(each["began"], each["ended"]) for each in document["stretches"]]
    assert sorted(ends) == ends
    assert all(ended < began for (_, ended), (began, _) in pairwise(ends))
    assert document["ended"] == []


@pytest.mark.parametrize(("late", "spoils"), [(4, False), (8, True)], ids=["asking for the profile", "the download"])
def test_a_server_that_is_late_spoils_the_run_if_it_was_under_load(bare_cli: Cli, late: int, spoils: bool) -> None:
    with SmallServer(99, HTTPStatus.NOT_FOUND, late).running() as url:
        document = bare_cli("test", url, "--computer", "20", "--no-share", "-o", "json").json
    assert ("server_overloaded" in document["report"]["invalid"]) is spoils


def test_the_warm_up_has_a_session_of_each_direction(bare_cli: Cli) -> None:
    server = SmallServer(99, HTTPStatus.NOT_FOUND)
    with server.running() as url:
        bare_cli("test", url, "--no-share", "-o", "json")
    assert server.entered[:6] == ["probe"] * 4 + ["computer", "backup"]


def test_a_server_without_the_profile_is_tested_downwards(bare_cli: Cli) -> None:
    server = SmallServer(0, HTTPStatus.NOT_FOUND)
    with server.running() as url:
        outcome = bare_cli("test", url, "--no-warmup", "--no-share", "-o", "json")
    assert [each["stretch"] for each in outcome.json["stretches"]] == ["download"]
    assert outcome.json["stretches"][0]["report"]["people"][-1]["who"] == "computer"
    assert outcome.err.startswith("only downloads were tested: the server is older")


def test_downloads_only_ask_for_no_upload(bare_cli: Cli) -> None:
    server = SmallServer(99, HTTPStatus.NOT_FOUND)
    with server.running() as url:
        outcome = bare_cli("test", url, "--download-only", "--no-warmup", "--no-share", "-o", "json")
    assert "backup" not in server.entered
    assert outcome.err == ""


def test_another_refusal_is_no_older_server(bare_cli: Cli) -> None:
    with SmallServer(0, HTTPStatus.SERVICE_UNAVAILABLE).running() as url:
        outcome = bare_cli("test", url, "--no-warmup")
    assert outcome.code == 1
    assert "the server answered 503 Service Unavailable: no" in outcome.err


def test_a_stretch_that_gets_no_session_spoils_the_run_and_leaves_the_others(bare_cli: Cli) -> None:
    with SmallServer(1, HTTPStatus.SERVICE_UNAVAILABLE).running() as url:
        outcome = bare_cli("test", url, "--no-warmup", "--no-share", "-o", "json")
    assert outcome.code == 1
    assert [each["stretch"] for each in outcome.json["stretches"]] == ["download"]
    assert "connection_lost" in outcome.json["report"]["invalid"]
    assert [each["who"] for each in outcome.json["ended"]] == ["computer"]


@pytest.mark.parametrize(("computers", "connections"), [(99, 8), (4, 4), (2, 2), (1, 1)])
def test_a_line_that_one_connection_does_not_fill_gets_as_many_as_the_server_lets_in(
    bare_cli: Cli, computers: int, connections: int
) -> None:
    server = SmallServer(0, HTTPStatus.NOT_FOUND, sends=True, computers=computers)
    with server.running() as url:
        document = bare_cli("test", url, "--download-only", "--no-share", "-o", "json").json
    played = [query for query in server.queries if query.startswith("computer throughput=")]
    assert len(played) == connections
    assert sum("parallel=1" in query for query in played) == connections - 1
    shares = {query.partition("=")[2].partition("&")[0] for query in played}
    assert len(shares) == 1
    warm_up = document["warm_up"]
    assert warm_up["line_bps"] >= warm_up["single_bps"] > 0
    (stretch,) = document["stretches"]
    computer = stretch["report"]["people"][-1]
    assert computer["who"] == "computer"
    assert computer["download"]["got_bps"] > (connections - 0.5) / connections * warm_up["line_bps"]
    assert "connection_lost" not in stretch["report"]["invalid"]


def test_parallel_connections_that_are_not_introduced_are_left_out(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("householdctl.data_plane.household.INTRODUCTION_S", 0.5)
    server = SmallServer(0, HTTPStatus.NOT_FOUND, sends=True, computers=1, silent=True)
    with server.running() as url:
        document = bare_cli("test", url, "--download-only", "--no-share", "-o", "json").json
    assert sum("parallel=1" in query for query in server.queries) == 3
    assert document["warm_up"]["connections"] == 1
    assert "connection_lost" not in document["report"]["invalid"]
