"""How commands choose sessions and runs: options, short ids, moments; and what they say when nothing matched."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from household.v1 import history_service_pb2 as history_api
from household.v1 import session_service_pb2 as api
from household_filters.fields import HISTORY_FIELDS, LIVE_FIELDS, RUN_FIELDS
from householdctl.values import filters
from householdctl.values.moments import parse_moment
from householdd.api.filters import read
from tests.api.test_filters import Spelt
from tests.ctl.fake_daemon import FakeDaemon, block, closed_session, ended_session, session, stored_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from google.protobuf.message import Message

    from tests.ctl.conftest import Cli

KILL = ("sessions", "kill", "--reason", "abuse", "--yes")
SINCE = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("made", "fields", "text"),
    [
        (filters.live("", address="192.0.2.7"), LIVE_FIELDS, 'address = "192.0.2.7"'),
        (
            filters.live("age > 2s", profile="jake", address="192.0.2.0/24", user="jake_1", run="42"),
            LIVE_FIELDS,
            'profile = "jake" AND address = "192.0.2.0/24" AND user_id = "jake_1" AND test_id = "42" AND (age > 2s)',
        ),
        (filters.live("worker = 0"), LIVE_FIELDS, "worker = 0"),
        (filters.ended("", run="1f4d"), HISTORY_FIELDS, '(run_id = "1f4d*" OR test_id = "1f4d")'),
        (filters.runs("", run="1f4d"), RUN_FIELDS, '(id = "1f4d*" OR test_id = "1f4d")'),
        (filters.ended("", run="a test"), HISTORY_FIELDS, 'test_id = "a test"'),
        (
            filters.ended("", user="a", since=SINCE, until=SINCE + dt.timedelta(days=1)),
            HISTORY_FIELDS,
            'user_id = "a" AND closed_at >= "2026-11-01T00:00:00+00:00" AND closed_at < "2026-11-02T00:00:00+00:00"',
        ),
        (
            filters.runs("valid = true", address="::1", since=SINCE),
            RUN_FIELDS,
            'address = "::1" AND stored_at >= "2026-11-01T00:00:00+00:00" AND (valid = true)',
        ),
    ],
)
def test_options_become_a_filter_that_the_daemon_reads(made: str, fields: Any, text: str) -> None:
    assert made == text
    assert read(made, fields, Spelt())


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (("sessions", "list"), api.ListSessionsRequest),
        (("sessions", "watch"), api.WatchSessionsRequest),
        (KILL, api.KillSessionsRequest),
        (("history", "list"), history_api.ListHistoryRequest),
        (("history", "runs"), history_api.ListRunsRequest),
        (("history", "export"), history_api.ListHistoryRequest),
        (("history", "export", "--runs"), history_api.ListRunsRequest),
    ],
)
@pytest.mark.parametrize("typed", ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7/32"])
def test_every_command_that_chooses_takes_an_address(
    cli: Cli, daemon: FakeDaemon, command: tuple[str, ...], kind: type[Message], typed: str
) -> None:
    cli(*command, "--address", typed)
    (request,) = daemon.asked(kind)
    assert request.filter == 'address = "192.0.2.7"'  # type: ignore[attr-defined]  # one of those kinds


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("192.0.2.7:443", "'192.0.2.7:443' has a port, and an address has none; write 192.0.2.7"),
        ("192.0.2.7/24", "'192.0.2.7/24' has more bits than its length; write 192.0.2.0/24"),
        ("27.0.0.", "'27.0.0.' is not an address such as 192.0.2.7"),
    ],
)
def test_a_wrong_address_is_not_sent(cli: Cli, daemon: FakeDaemon, typed: str, problem: str) -> None:
    outcome = cli(*KILL, "--address", typed)
    assert (outcome.code, outcome.out, daemon.requests) == (2, "", [])
    assert problem in " ".join(outcome.err.split())


@pytest.mark.parametrize(
    "choice",
    [("--filter", "age > 1h"), ("--profile", "computer"), ("--address", "192.0.2.7"), ("--user", "x"), ("--run", "x")],
)
@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--block", "10m"), ("-o", "json")])
def test_a_kill_that_hits_nothing_says_so(
    cli: Cli, daemon: FakeDaemon, choice: tuple[str, ...], more: tuple[str, ...]
) -> None:
    outcome = cli(*KILL, *choice, *more)
    assert outcome.code == 4
    assert "no session matches" in outcome.err.splitlines()
    assert len(daemon.sessions) == 3


def test_a_list_of_nothing_says_so_and_is_an_answer(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli("sessions", "list", "--user", "nobody")
    assert (outcome.code, outcome.err) == (0, "no session matches\n")
    daemon.sessions = []
    assert cli("sessions", "list").err == "no session is live\n"
    assert (cli(*KILL, "--all").code, cli(*KILL, "--all").err) == (0, "no session is live\n")
    assert cli("sessions", "blocks").err == "no address is blocked\n"
    assert cli("breakers", "list").err == "no breaker is open\n"
    unblocked = cli("sessions", "unblock", "--all")
    assert (unblocked.code, unblocked.err) == (0, "no address is blocked\n")
    ended = cli("history", "list", "--since", "2d")
    assert (ended.code, ended.err) == (0, "no ended session matches\n")
    assert cli("history", "runs").err == "no run is in the history\n"
    by_address = cli("history", "runs", "--address", "192.0.2.7").err
    assert by_address == 'no run matches; with [history] addresses = "none" no addresses are stored\n'


def test_rows_of_truncated_addresses_are_told_of(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.ended, daemon.runs = [ended_session(9, "")], [stored_run(1)]
    note = "addresses are stored truncated: these rows are of all clients in 2001:db8::/48\n"
    for command in (("history", "list"), ("history", "runs")):
        assert cli(*command, "--address", "2001:db8::7").err == note
        assert cli(*command, "--filter", "address = 2001:db8::7").err == note
        assert cli(*command, "--filter", 'peer_address : "2001:db8"').err == ""


@pytest.mark.parametrize("command", [KILL, ("sessions", "list"), ("sessions", "watch"), ("top",)])
def test_a_profile_that_is_not_there_is_refused(cli: Cli, daemon: FakeDaemon, command: tuple[str, ...]) -> None:
    outcome = cli(*command, "--profile", "jakee")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err == ("Error: no profile 'jakee'\n  did you mean jake?\n  profiles: alex, sarah, jake, computer\n")
    assert not daemon.asked(api.KillSessionsRequest)


def test_a_profile_without_sessions_is_no_mistake(cli: Cli, daemon: FakeDaemon) -> None:
    assert cli("sessions", "list", "--profile", "Computer").code == 0
    # A daemon of an older version does not tell its profiles.
    daemon.profiles = []
    assert cli("sessions", "list", "--profile", "other").code == 0


def test_of_several_daemons_one_has_to_know_the_profile(bare_cli: Cli, daemon: FakeDaemon, tmp_path: Path) -> None:
    other = FakeDaemon(tmp_path / "o.sock")
    other.profiles = ["tv"]
    with other.running():
        both = ("--target", str(daemon.path), "--target", str(other.path))
        assert bare_cli(*both, "sessions", "list", "--profile", "tv").code == 0
        unknown = bare_cli(*both, *KILL, "--profile", "tvv")
        assert (unknown.code, "did you mean tv?" in unknown.err) == (4, True)
        nothing = bare_cli(*both, *KILL, "--address", "192.0.2.7")
        assert (nothing.code, nothing.err) == (4, "no session matches\n")
        other.still_blocked = [api.HoldingBlock(address="198.51.100.7", block=block("198.51.100.0/24", "abuse", 540))]
        held = bare_cli(*both, "sessions", "unblock", "198.51.100.7")
        assert held.code == 4
        assert f"blocked at {other.path} by the block of 198.51.100.0/24" in held.err


def test_a_dry_run_of_a_kill_says_would(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli(*KILL, daemon.sessions[0].id, session(404).id, "--dry-run")
    assert outcome.rows[1][1:] == ["would", "be", "killed"]
    assert outcome.rows[2][1:] == ["not", "found"]
    assert "killed" not in outcome.err
    assert "blocked" not in outcome.err


def test_an_address_in_a_wider_block_is_told_of_it(cli: Cli, daemon: FakeDaemon) -> None:
    wider = block("198.51.100.0/24", "abuse", 540)
    daemon.blocks = [wider]
    daemon.still_blocked = [api.HoldingBlock(address="198.51.100.7", block=wider)]
    outcome = cli("sessions", "unblock", "198.51.100.7")
    assert outcome.code == 4
    assert outcome.err == (
        "warning: 198.51.100.7 has no block of its own, but is blocked by the block of 198.51.100.0/24, 9m00s left "
        "(abuse); householdctl sessions unblock 198.51.100.0/24\n"
    )
    daemon.blocks = [wider, block("198.51.100.7", "more", 60)]
    lifted = cli("sessions", "unblock", "198.51.100.7")
    assert (lifted.code, lifted.rows[1]) == (6, ["198.51.100.7", "lifted", "more"])
    assert "198.51.100.7 is still blocked by the block of 198.51.100.0/24" in lifted.err


def test_another_spelling_of_an_address_that_is_not_blocked_is_not_found(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.blocks = []
    assert cli("sessions", "unblock", "192.0.2.9").code == 4


IDS = ("8cd209fa-1111-4000-8000-000000000001", "8cd2ffff-2222-4000-8000-000000000002")


@pytest.mark.parametrize("typed", ["8cd209", "8CD209FA", "8cd209fa-11", "8cd209fa1111", IDS[0]])
def test_the_beginning_of_an_id_is_enough(cli: Cli, daemon: FakeDaemon, typed: str) -> None:
    daemon.sessions = [session(1, id=IDS[0]), session(2, id=IDS[1])]
    assert cli("sessions", "show", typed).rows[0] == ["id", IDS[0]]
    outcome = cli(*KILL, typed)
    assert (outcome.code, outcome.rows[1]) == (0, [IDS[0][:8], "killed"])
    # The whole id is sent, so that a session that opens in between is not meant.
    (request,) = daemon.asked(api.KillSessionsRequest)
    assert list(request.ids.ids) == [IDS[0]]  # type: ignore[attr-defined]  # a KillSessionsRequest
    assert [each.id for each in daemon.sessions] == [IDS[1]]


@pytest.mark.parametrize("command", [KILL, ("sessions", "show"), ("history", "show")])
def test_an_ambiguous_beginning_lists_the_candidates(cli: Cli, daemon: FakeDaemon, command: tuple[str, ...]) -> None:
    daemon.sessions = [session(1, id=IDS[0]), session(2, id=IDS[1])]
    daemon.ended = [ended_session(1, ""), ended_session(2, "")]
    for record, record_id in zip(daemon.ended, IDS, strict=True):
        record.session.id = record_id
    outcome = cli(*command, "8cd2")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Error: 8cd2 is the beginning of several ids; write more digits\n")
    assert [line.split()[0] for line in outcome.err.splitlines()[1:]] == list(IDS)
    assert not daemon.asked(api.KillSessionsRequest)


@pytest.mark.parametrize("command", [KILL, ("sessions", "show"), ("history", "show")])
@pytest.mark.parametrize(
    ("typed", "code", "problem"),
    [
        ("8cd", 2, "'8cd' is not an id of"),
        ("jake_1", 2, "'jake_1' is not an id of"),
        ("0badcafe", 4, "begins with 0badcafe"),
    ],
)
def test_what_is_no_id_is_refused(
    cli: Cli, daemon: FakeDaemon, command: tuple[str, ...], typed: str, code: int, problem: str
) -> None:
    outcome = cli(*command, typed)
    assert (outcome.code, outcome.out) == (code, "")
    assert problem in outcome.err
    assert not daemon.asked(api.KillSessionsRequest)
    assert len(daemon.sessions) == 3


def test_a_session_that_has_ended_is_shown_by_the_beginning_of_its_id(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.closed, daemon.ended = [closed_session(9)], [ended_session(9, "")]
    daemon.sessions = []
    assert cli("sessions", "show", "00000000-0000").rows[0] == ["id", closed_session(9).id]
    daemon.fail("ListHistory", grpc.StatusCode.FAILED_PRECONDITION, "nothing is kept")
    assert cli("sessions", "show", "00000000-0000").code == 4


def test_the_history_shows_sessions_and_runs_by_the_beginning(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.ended = [ended_session(9, "")]
    daemon.ended[0].session.id = IDS[0]
    daemon.runs = [stored_run(1, id="1f4d32021bf9634a1e5fa1e6")]
    assert cli("history", "show", "8cd2").rows[0] == ["id", IDS[0]]
    assert cli("history", "show", "1F4D").rows[0] == ["id", "1f4d32021bf9634a1e5fa1e6"]
    daemon.ended[0].session.id = "1f4d3202-1111-4000-8000-000000000001"
    both = cli("history", "show", "1f4d")
    assert both.code == 2
    assert [line.split()[1] for line in both.err.splitlines()[1:]] == ["run,", "session,"]


NOW = dt.datetime(2026, 11, 28, 23, 30, tzinfo=dt.UTC)
"""Half past midnight of the 29th in Berlin."""


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today", "2026-11-28T23:00:00Z"),
        ("yesterday", "2026-11-27T23:00:00Z"),
        ("Today", "2026-11-28T23:00:00Z"),
        ("now", "2026-11-28T23:30:00Z"),
        ("2d", "2026-11-26T23:30:00Z"),
        ("1d12h", "2026-11-27T11:30:00Z"),
        ("168h", "2026-11-21T23:30:00Z"),
        ("90", "2026-11-28T23:28:30Z"),
        ("3m ago", "2026-11-28T23:27:00Z"),
        ("2026-11-01", "2026-10-31T23:00:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("2026-11-01T10:00", "2026-11-01T09:00:00Z"),
        ("2026-11-28 16:54:07.310+00:00", "2026-11-28T16:54:07.310Z"),
    ],
)
def test_moments_are_read(text: str, moment: str) -> None:
    assert parse_moment(text, NOW) == dt.datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["", "tomorrow", "2w", "2026-13-01", "-2d", "99999999d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a moment; write a date such as 2026-11-25, .* an age such as 2d$"):
        parse_moment(text, NOW)


@pytest.mark.parametrize("command", [("list",), ("runs",), ("stats",), ("export",), ("export", "--runs")])
def test_all_of_the_history_takes_moments(cli: Cli, daemon: FakeDaemon, command: tuple[str, ...]) -> None:
    assert cli("history", *command, "--since", "yesterday", "--until", "today").code == 0
    (request,) = daemon.requests
    bounds = str(request)
    assert (">=" in bounds and "<" in bounds) or ("since" in bounds and "until" in bounds)
    wrong = cli("history", *command, "--since", "today", "--until", "yesterday")
    assert wrong.code == 2
    assert "must be after --since" in wrong.err
