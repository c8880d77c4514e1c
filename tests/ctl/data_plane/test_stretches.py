"""Sessions of a run of both directions, at a small server."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http import HTTPStatus
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from websockets.sync.server import ServerConnection, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.http11 import Request, Response

    from tests.ctl.conftest import Cli

INTRODUCTION = {"activity_type": "bulk_transfer", "download_mbps": 1, "upload_mbps": 1}
FIGURES = {"elapsed_seconds": 1.0, "server_received_bytes": 0, "target_download_mbps": 1.0}


class SmallServer:
    """Introduces each session, answers pings, and refuses ``backup`` from some session on.

    It says in the session of number ``late`` that it was overloaded.
    """

    def __init__(self, backups: int, status: HTTPStatus, late: int = -1) -> None:
        self.entered: list[str] = []
        self._late = late
        self.queries: list[str] = []
        self._backups = backups
        self._status = status

    @contextmanager
    def running(self) -> Iterator[str]:
        with serve(self._talk, "127.0.0.1", 0, process_request=self._request, compression=None) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.socket.getsockname()[1]}/"
            finally:
                server.shutdown()
                thread.join()

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        path, _, query = request.path.rpartition("/")[2].partition("?")
        who = path.partition("_")[0]
        if who == "backup" and self.entered.count("backup") >= self._backups:
            return connection.respond(self._status, "no")
        self.entered.append(who)
        self.queries.append(f"{who} {query.partition('&')[2]}".strip())
        return None

    def _talk(self, connection: ServerConnection) -> None:
        number = len(self.entered) - 1
        connection.send(json.dumps({"type": "session_info", "profile": INTRODUCTION}))
        for text in connection:
            message = json.loads(text)
            if message["type"] == "stop_test":
                figures = {**FIGURES, "server_overloaded": number == self._late}
                connection.send(json.dumps({"type": "session_complete", **figures}))
                return
            connection.send(json.dumps({"type": "pong", "sequence": message.get("sequence")}))


@pytest.fixture(autouse=True)
def short_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {
        "run.IDLE_S": 0.6,
        "run.RECOVERY_S": 0.2,
        "run.SETTLE_S": 0.2,
        "warm_up.WARM_UP_S": 0.3,
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
