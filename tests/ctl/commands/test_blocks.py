from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from household.v1 import server_service_pb2 as server_api
from household.v1 import session_service_pb2 as api
from household.v1.session_service_pb2 import UnreachableWorker
from tests.ctl.fake_daemon import block

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


def test_blocks_are_listed(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.blocks = [block("192.0.2.7", "abuse", 600)]
    assert cli("sessions", "blocks").rows[1][:2] == ["192.0.2.7", "10m00s"]
    assert cli("sessions", "blocks", "-o", "json").json["blocks"][0]["reason"] == "abuse"


def test_block_and_unblock(cli: Cli, daemon: FakeDaemon) -> None:
    made = cli("sessions", "block", "192.0.2.7", "198.51.100.0/24", "--for", "10m", "--reason", "abuse")
    assert made.code == 0, made.err
    assert [row[0] for row in made.rows[1:]] == ["192.0.2.7", "198.51.100.0/24"]
    assert len(daemon.blocks) == 2
    removed = cli("sessions", "unblock", "192.0.2.7", "192.0.2.9")
    assert (removed.code, removed.err) == (4, "warning: 192.0.2.9 was not blocked\n")
    assert [each.address for each in daemon.blocks] == ["198.51.100.0/24"]
    daemon.unreachable = [UnreachableWorker(worker="1", reason="stopped")]
    rest = cli("sessions", "unblock", "--all")
    assert (rest.code, rest.err) == (0, "warning: worker 1 did not answer and gets the change later: stopped\n")
    assert daemon.blocks == []


@pytest.mark.parametrize("words", [(), ("192.0.2.7", "--all")])
def test_unblock_wants_one_way_of_saying_which(cli: Cli, daemon: FakeDaemon, words: tuple[str, ...]) -> None:
    outcome = cli("sessions", "unblock", *words)
    assert (outcome.code, outcome.err) == (2, "Error: give either ADDRESSES or --all\n")
    assert daemon.requests == []


def test_a_dry_run_blocks_and_unblocks_nothing(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.blocks = [block("192.0.2.7", "abuse", 600)]
    blocking = cli("sessions", "block", "192.0.2.9", "--for", "1m", "-r", "x", "--dry-run")
    assert blocking.err == "would block: 192.0.2.9\ndry run: nothing was changed\n"
    lifting = cli("sessions", "unblock", "--all", "--dry-run")
    assert lifting.rows == [["ADDRESS", "OUTCOME", "REASON"], ["192.0.2.7", "would", "be", "lifted", "abuse"]]
    assert lifting.err == "dry run: nothing was changed\n"
    assert [each.address for each in daemon.blocks] == ["192.0.2.7"]


def test_a_kill_says_how_it_is_to_be_done(cli: Cli, daemon: FakeDaemon) -> None:
    first = daemon.sessions[0].id
    words = ("--reason", "abuse", "--block", "10m", "--spread", "5s", "--request-id", first, "--yes")
    assert cli("sessions", "kill", first, *words).code == 0
    (request,) = daemon.asked(api.KillSessionsRequest)
    assert isinstance(request, api.KillSessionsRequest)
    assert (request.block_address.seconds, request.spread.seconds) == (600, 5)
    assert (request.request_id, request.validate_only) == (first, False)


def test_dry_runs_ask_nobody(cli: Cli, daemon: FakeDaemon) -> None:
    for command in (("sessions", "kill", "--all"), ("drain", "--spread", "5s"), ("shutdown",)):
        outcome = cli(*command, "--reason", "x", "--dry-run")
        assert outcome.code == 0, outcome.err
        assert outcome.err == "dry run: nothing was changed\n"
    kinds = (api.KillSessionsRequest, server_api.DrainServerRequest, server_api.ShutdownServerRequest)
    asked = [request for request in daemon.requests if isinstance(request, kinds)]
    assert [request.validate_only for request in asked] == [True, True, True]
