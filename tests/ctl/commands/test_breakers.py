from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.protobuf.duration_pb2 import Duration

from household.v1 import session_service_pb2 as api
from household.v1.session_service_pb2 import UnreachableWorker

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


BREAKERS = [
    api.Breaker(
        address="192.0.2.7",
        state=api.BREAKER_STATE_OPEN,
        length=Duration(seconds=60),
        left=Duration(seconds=21),
        failures=70,
    ),
    api.Breaker(
        address="2001:db8::/64", profile="jake", state=api.BREAKER_STATE_HALF_OPEN, length=Duration(seconds=30)
    ),
]


@pytest.fixture(autouse=True)
def _two_breakers(daemon: FakeDaemon) -> None:
    daemon.breakers = list(BREAKERS)


def test_breakers_are_listed(cli: Cli, daemon: FakeDaemon) -> None:
    assert cli("breakers", "list").rows[1:] == [
        ["192.0.2.7", "all", "open", "21.0s", "1m00s", "70"],
        ["2001:db8::/64", "jake", "half", "open", "0ms", "30.0s", "0"],
    ]
    assert cli("breakers", "list", "-o", "json").json["breakers"][1]["profile"] == "jake"
    daemon.unreachable = [UnreachableWorker(worker="1", reason="stopped")]
    assert cli("breakers", "list").err == "warning: worker 1 did not answer: stopped\n"


def test_reset_says_what_it_closed_and_what_was_not_open(cli: Cli, daemon: FakeDaemon) -> None:
    assert cli("breakers", "reset", "192.0.2.7", "--dry-run").err.startswith("dry run: ")
    done = cli("breakers", "reset", "192.0.2.7", "192.0.2.9", "--reason", "ticket")
    assert (done.code, done.err) == (4, "warning: 192.0.2.9 had no open breaker\n")
    assert [row[0] for row in done.rows[1:]] == ["192.0.2.7"]
    assert cli("breakers", "reset", "--all").code == 0
    assert daemon.breakers == []


@pytest.mark.parametrize("words", [(), ("192.0.2.7", "--all")])
def test_reset_wants_one_way_of_saying_which(cli: Cli, daemon: FakeDaemon, words: tuple[str, ...]) -> None:
    outcome = cli("breakers", "reset", *words)
    assert (outcome.code, outcome.err) == (2, "Error: give either ADDRESSES or --all\n")
    assert daemon.requests == []
