from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from household.v1 import session_service_pb2 as api
from household.v1.session_pb2 import SessionState
from tests.ctl.fake_daemon import session
from tests.ctl.screens import Terminal, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


@pytest.fixture
def fleet(daemon: FakeDaemon) -> FakeDaemon:
    """Three sessions, the fastest of which is Jake's."""
    daemon.sessions = [
        session(1, test_id="1", user_id="alex_1", actual_download_bps=1e6, sent_bytes=5_000_000),
        session(2, test_id="2", user_id="sarah_1", actual_download_bps=2e6, state=SessionState.SESSION_STATE_QUIET),
        session(3, test_id="3", user_id="jake_1", actual_download_bps=9e6, sent_bytes=9_000_000),
    ]
    return daemon


@pytest.fixture
def top(fleet: FakeDaemon) -> Iterator[Terminal]:
    with terminal("--target", str(fleet.path), "top", "--interval", "200ms") as opened:
        opened.waits_for("alex_1")
        yield opened


def _waits_for_users(top: Terminal, *users: str) -> None:
    def seen(screen: str) -> bool:
        words = [line.split() for line in screen.splitlines()]
        return [each[0] for each in words if each and each[0].endswith("_1")] == list(users)

    top.waits_until(seen, f"not the sessions of {users}, in this order")


def test_it_shows_sessions_workers_and_rates(top: Terminal) -> None:
    shown = top.waits_for("sessions 3", "worker 1  READY", "longest gap 610ms", "down 26.5 Mbit/s", "? help")
    assert "ACTIVE 2  QUIET 1" in shown
    assert "verdicts  FROZEN 3" in shown
    assert "round trip 48.2ms, most 48.2ms" in shown
    _waits_for_users(top, "jake_1", "sarah_1", "alex_1")


def test_it_follows_what_happens(top: Terminal, fleet: FakeDaemon) -> None:
    fleet.sessions.append(session(4, test_id="4", user_id="computer_1", actual_download_bps=1e9))
    _waits_for_users(top, "computer_1", "jake_1", "sarah_1", "alex_1")


def test_keys_sort_and_reverse(top: Terminal) -> None:
    top.types("r")
    _waits_for_users(top, "alex_1", "sarah_1", "jake_1")
    top.types("r\x1b[C\x1b[C")
    top.waits_for("most SENT first")
    _waits_for_users(top, "jake_1", "alex_1", "sarah_1")
    top.types("<<<<<<<<<r")
    top.waits_for("least PEER first")


def test_a_filter_narrows_as_it_is_typed_and_goes_with_escape(top: Terminal) -> None:
    top.types("/QUI")
    top.waits_for("filter: QUI_", without="alex_1")
    _waits_for_users(top, "sarah_1")
    top.types("\x7f\x7f\x7fjake\r")
    top.waits_for("1 of 3 shown  filter: jake")
    _waits_for_users(top, "jake_1")
    top.types("\x1b")
    top.waits_for("alex_1", "sarah_1", "jake_1")


def test_kill_asks_for_a_reason_and_tells_the_outcome(top: Terminal, fleet: FakeDaemon) -> None:
    top.types("\x1b[Bk")
    top.waits_for("kill sarah_1 (", "reason: _")
    top.types("too slow\r")
    top.waits_for(f"{session(2).id}: killed")
    _waits_for_users(top, "jake_1", "alex_1")
    (request,) = fleet.asked(api.KillSessionsRequest)
    assert request == api.KillSessionsRequest(reason="too slow", ids=api.SessionIds(ids=[session(2).id]))


def test_no_reason_no_kill(top: Terminal, fleet: FakeDaemon) -> None:
    top.types("k \r")
    top.waits_for("nothing was killed: a kill needs a reason")
    top.types("kno\x1b")
    top.waits_for("? help", without="reason:")
    assert fleet.asked(api.KillSessionsRequest) == []


def test_the_selected_session_stays_selected_when_it_moves(top: Terminal, fleet: FakeDaemon) -> None:
    fleet.sessions[0].actual_download_bps = 5e9
    _waits_for_users(top, "alex_1", "jake_1", "sarah_1")
    top.types("k")
    top.waits_for("kill jake_1 (")


def test_pause_holds_what_is_shown(top: Terminal, fleet: FakeDaemon) -> None:
    top.types("p")
    top.waits_for("PAUSED")
    asked = len(fleet.asked(api.ListSessionsRequest))
    fleet.sessions.pop()
    top.types("p")
    top.waits_for("sessions 2", without="PAUSED")
    assert len(fleet.asked(api.ListSessionsRequest)) > asked


@pytest.fixture
def households(daemon: FakeDaemon) -> FakeDaemon:
    """Two households of two people and four probes each, and a session without a test id."""
    daemon.sessions = [
        session(
            10 * run + number,
            test_id=f"run{run}",
            user_id=f"{profile}_run{run}",
            profile=profile,
            actual_download_bps=run * 1e6 if profile != "probe" else 1.0,
        )
        for run in (1, 2)
        for number, profile in enumerate(("alex", "jake", "probe", "probe", "probe", "probe"))
    ]
    daemon.sessions.append(session(99, test_id="", user_id="loner_1", actual_download_bps=1.0))
    return daemon


def test_a_household_is_one_row_until_it_is_unfolded(households: FakeDaemon) -> None:
    def begins(*starts: str) -> Callable[[str], bool]:
        def seen(screen: str) -> bool:
            rows = screen.partition("USER")[2].splitlines()[1:-1]
            return [row.split("  ")[0].strip() or row.strip().split("  ")[0] for row in rows if row.strip()] == [
                *starts
            ]

        return seen

    with terminal("--target", str(households.path), "top", "--interval", "200ms", columns=100) as opened:
        opened.waits_for("+ run2", "2 people", "4.0 Mbit/s")
        opened.waits_until(begins("+ run2", "+ run1", "loner_1"), "not one row for each")
        opened.types("\r")
        opened.waits_until(
            begins("- run2", "alex_run2", "jake_run2", "+ 4 probes", "+ run1", "loner_1"), "not unfolded"
        )
        opened.types("\x1b[B\x1b[B\x1b[B\r")
        opened.waits_until(
            begins("- run2", "alex_run2", "jake_run2", "- 4 probes", *["probe_run2"] * 4, "+ run1", "loner_1"),
            "probes not unfolded",
        )
        opened.types("\x1b[H\r")
        opened.waits_until(begins("+ run2", "+ run1", "loner_1"), "not folded again")
        opened.types("g")
        opened.waits_for("alex_run1", "probe_run2", without="people")
        opened.types("g/jake\r")
        opened.waits_until(begins("jake_run2", "jake_run1"), "not those that match")


def test_a_household_is_killed_as_a_whole(households: FakeDaemon) -> None:
    with terminal("--target", str(households.path), "top", "--interval", "200ms") as opened:
        opened.waits_for("+ run2")
        opened.types("k")
        opened.waits_for("kill run2 (6 sessions), reason: _")
        opened.types("abuse\r")
        opened.waits_for("6 sessions: 6 killed", without="+ run2")
    (request,) = households.asked(api.KillSessionsRequest)
    assert isinstance(request, api.KillSessionsRequest)
    assert sorted(request.ids.ids) == [session(20 + number).id for number in range(6)]


@pytest.mark.parametrize(("columns", "lines"), [(60, 15), (100, 24), (30, 10)])
def test_the_way_out_is_always_shown(fleet: FakeDaemon, columns: int, lines: int) -> None:
    with terminal("--target", str(fleet.path), "top", "--interval", "200ms", columns=columns, lines=lines) as opened:
        opened.waits_for("q quit  ? help")
        opened.types("/alex_1\r")
        opened.waits_for("q quit  ? help", *(["1 of 3 shown"] if columns >= 60 else []))


def test_help(top: Terminal) -> None:
    top.types("?")
    top.waits_for("reverse the order", "any key returns", without="alex_1")
    top.types("x")
    top.waits_for("alex_1")


def test_it_fits_whatever_size_the_terminal_gets(top: Terminal) -> None:
    top.resizes(50, 12)
    shown = top.waits_for("jake_1", without="PEER")
    assert "alex_1" in shown
    top.resizes(200, 40)
    top.waits_for("PEER", session(1).id)


def test_a_daemon_that_goes_away_is_told_and_what_was_seen_stays(top: Terminal, fleet: FakeDaemon) -> None:
    fleet.path.unlink()
    fleet.stop()
    top.waits_for("householdd cannot be reached", "alex_1")


@pytest.mark.parametrize(("how", "code"), [("q", 0), ("\x03", 130), (signal.SIGTERM, 143)])
def test_the_terminal_is_given_back(top: Terminal, how: str | signal.Signals, code: int) -> None:
    assert not top.restored
    if isinstance(how, str):
        top.types(how)
    else:
        top.process.send_signal(how)
    assert top.ends() == code
    assert top.restored


def test_a_defect_gives_the_terminal_back_too(fleet: FakeDaemon) -> None:
    script = (
        "import sys\n"
        "from householdctl.top import run\n"
        "from householdctl.__main__ import main\n"
        "run.draw = lambda *_: 1 / 0\n"
        "main()\n"
    )
    with terminal("--target", str(fleet.path), "top", program=("-c", script)) as opened:
        assert opened.ends() == 1
        assert opened.restored
        assert "Error: a defect in householdctl: ZeroDivisionError" in opened.text


def test_a_clients_escape_sequences_do_not_reach_the_screen(top: Terminal, fleet: FakeDaemon) -> None:
    fleet.sessions[0].user_id = "a\x1b[2Jb"
    top.waits_for("a\\x1b[2Jb", "jake_1")


def test_without_a_terminal_it_says_what_to_use(cli: Cli) -> None:
    outcome = cli("top")
    assert outcome.code == 2
    assert outcome.err.startswith("Error: top needs a terminal\n")


def test_without_a_daemon_it_does_not_begin() -> None:
    with terminal("--target", "/nowhere/x.sock", "top") as opened:
        assert opened.ends() == 3
        assert "householdd cannot be reached" in opened.text


def test_a_list_is_kept_up_to_date(fleet: FakeDaemon) -> None:
    fleet.watch_stays_open = True
    with terminal("--target", str(fleet.path), "sessions", "list", "--watch", columns=200) as opened:
        opened.waits_for("alex_1", "3 sessions; Ctrl-C ends this")
        fleet.sessions.pop()
        opened.waits_for("2 sessions; Ctrl-C ends this", without="jake_1")
        opened.types("\x03")
        assert opened.ends() == 130
        assert opened.restored
        assert "Traceback" not in opened.text
