from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
import trustme

from householdctl.data_plane.server_url import server_at
from tests import test_resource_leak_fix
from tests.ctl.household_server import Fault, HouseholdServer

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon

QUICKLY = ("--duration", "300ms", "--deadline", "500ms")


@pytest.fixture(autouse=True)
def _soon_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("householdctl.data_plane.leak_check._STILL_FOR_S", 0.3)


def test_a_server_that_cleans_up_passes(bare_cli: Cli) -> None:
    with HouseholdServer().running() as server:
        outcome = bare_cli("check", "leaks", server.url, *QUICKLY)
    assert outcome.code == 0
    facts = dict(line.split("  ", 1) for line in outcome.out.splitlines())
    assert {name: value.strip() for name, value in facts.items() if name != "payload received"} | {
        "cleanup verified": facts["cleanup verified"].strip().rpartition(",")[0]
    } == {
        "sessions created": "4",
        "sessions disconnected": "4",
        "connection tests passed": "8",
        "cleanup verified": "yes, by the public statistics",
        "leaks detected": "0",
        "result": "passed",
    }
    assert outcome.err == ""


def test_the_four_of_a_household_share_a_test_id_and_answer_what_they_are_asked(bare_cli: Cli) -> None:
    with HouseholdServer().running() as server:
        document = bare_cli("check", "leaks", server.url, *QUICKLY, "-o", "json").json
    test_id = document["test_id"]
    assert sorted(server.paths) == [
        f"/ws/virtual-household/{who}_{test_id}?test_id={test_id}" for who in ("alex", "computer", "jake", "sarah")
    ]
    assert server.answers.count("100 bytes") == 4
    texts = [json.loads(answer) for answer in server.answers if answer.startswith("{")]
    pongs = [text for text in texts if text["type"] == "pong"]
    assert len(pongs) == 4
    assert {key: pongs[0][key] for key in ("user_id", "sequence", "timestamp", "server_time")} == {
        "user_id": "u",
        "sequence": 5,
        "timestamp": 2,
        "server_time": 3,
    }
    tests = [text for text in texts if text["type"] == "connection_test_response"]
    assert [test["timestamp"] for test in tests] == [1] * 4


def test_sessions_that_stay_are_leaks(bare_cli: Cli) -> None:
    with HouseholdServer(Fault.KEEPS_SESSIONS).running() as server:
        outcome = bare_cli("check", "leaks", server.url, *QUICKLY)
        document = bare_cli("check", "leaks", server.url, *QUICKLY, "-o", "json").json
    assert outcome.code == 1
    assert outcome.rows[4:] == [["cleanup", "verified", "no"], ["leaks", "detected", "4"], ["result", "FAILED"]]
    assert outcome.err == "problem: 0.5 s after the cut 4 sessions are left\n"
    assert document["passed"] is False
    assert document["leaks_detected"] == 4
    assert document["notes"] == ["4 other sessions were live, so only sessions are counted, not traffic"]


def test_traffic_without_a_session_is_a_leak(bare_cli: Cli) -> None:
    with HouseholdServer(Fault.KEEPS_SENDING).running() as server:
        outcome = bare_cli("check", "leaks", server.url, *QUICKLY, "-o", "jsonl")
    assert outcome.code == 1
    assert outcome.json["leaks_detected"] == 1
    assert outcome.json["problems"] == ["0.5 s after the cut traffic continues without a session"]


@pytest.mark.parametrize(
    ("fault", "code", "leaks"), [(Fault.NONE, 0, 0), (Fault.KEEPS_SESSIONS, 1, 4), (Fault.KEEPS_SENDING, 1, 1)]
)
def test_the_control_api_is_asked_where_there_is_one(
    cli: Cli, daemon: FakeDaemon, fault: Fault, code: int, leaks: int
) -> None:
    daemon.sessions.clear()
    with HouseholdServer(fault, daemon).running() as server:
        outcome = cli("check", "leaks", server.url, *QUICKLY, "-o", "json")
    assert outcome.code == code
    assert outcome.json["census"] == "control API"
    assert outcome.json["leaks_detected"] == leaks


def test_other_peoples_sessions_are_no_leak(cli: Cli, daemon: FakeDaemon) -> None:
    with HouseholdServer(Fault.NONE, daemon).running() as server:
        server.active_sessions = 3
        outcome = cli("check", "leaks", server.url, *QUICKLY, "-o", "json")
    assert outcome.code == 0
    assert len(daemon.sessions) == 3


def test_the_control_api_of_another_daemon_is_not_believed(cli: Cli) -> None:
    with HouseholdServer(Fault.KEEPS_SESSIONS).running() as server:
        outcome = cli("check", "leaks", server.url, *QUICKLY, "-o", "json")
    assert outcome.code == 1
    assert outcome.json["census"] == "public statistics"
    assert outcome.json["notes"] == ["the control API does not know this household; it belongs to another daemon"]


def test_a_control_api_that_fails_proves_nothing(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions.clear()
    daemon.fail("GetSession", grpc.StatusCode.INTERNAL, "KeyError")
    with HouseholdServer(Fault.NONE, daemon).running() as server:
        outcome = cli("check", "leaks", server.url, *QUICKLY, "-o", "json")
    assert outcome.code == 1
    assert outcome.json["cleanup_verified"] is False
    assert outcome.json["problems"] == ["control API: the daemon failed: KeyError (INTERNAL); see its log"]


def test_a_control_api_that_cannot_list_leaves_it_to_the_statistics(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.fail("ListSessions", grpc.StatusCode.PERMISSION_DENIED, "no role")
    with HouseholdServer().running() as server:
        outcome = cli("check", "leaks", server.url, *QUICKLY, "-o", "json")
    assert outcome.code == 1
    assert outcome.json["census"] == "public statistics"
    assert outcome.json["problems"] == ["control API: no role"]


def test_nobody_to_ask_proves_nothing(bare_cli: Cli) -> None:
    with HouseholdServer(Fault.NO_STATS).running() as server:
        outcome = bare_cli("check", "leaks", server.url, *QUICKLY)
    assert outcome.code == 1
    assert outcome.err.startswith("problem: cannot check what is left: ")
    assert "404" in outcome.err


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Fault.SENDS_NOTHING, "received no payload"),
        (Fault.HANGS_UP, "closed by the server"),
        (Fault.BABBLES, "the server sent a text that is not JSON"),
    ],
)
def test_a_household_that_did_not_run_proves_nothing(bare_cli: Cli, fault: Fault, problem: str) -> None:
    with HouseholdServer(fault).running() as server:
        outcome = bare_cli("check", "leaks", server.url, *QUICKLY, "-o", "json")
    assert outcome.code == 1
    assert len(outcome.json["problems"]) == 4
    assert all(problem in told for told in outcome.json["problems"])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_tls(bare_cli: Cli, tls: ssl.SSLContext, ca_file: Path) -> None:
    with HouseholdServer().running(tls) as server:
        for trust in ((), ("--insecure",), ("--ca", str(ca_file))):
            assert bare_cli("check", "leaks", server.url, *QUICKLY, *trust).code == 0


def test_a_certificate_of_another_authority(bare_cli: Cli, tls: ssl.SSLContext, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with HouseholdServer().running(tls) as server:
        outcome = bare_cli("check", "leaks", server.url, *QUICKLY, "--ca", str(other))
    assert outcome.code == 3
    assert "certificate not trusted" in outcome.err
    assert "--insecure" in outcome.err


def test_a_ca_file_that_cannot_be_read(bare_cli: Cli, tmp_path: Path) -> None:
    outcome = bare_cli("check", "leaks", "--ca", "nowhere.pem")
    assert (outcome.code, outcome.err) == (2, "Error: --ca nowhere.pem: No such file or directory\n")
    empty = tmp_path / "empty.pem"
    empty.touch()
    assert bare_cli("check", "leaks", "--ca", str(empty)).code == 2


def test_no_server(bare_cli: Cli) -> None:
    outcome = bare_cli("check", "leaks", "ws://127.0.0.1:1")
    assert outcome.code == 3
    assert outcome.err.startswith("Error: no session at ws://127.0.0.1:1/ws/virtual-household/: ")


def test_a_server_without_that_path(bare_cli: Cli) -> None:
    with HouseholdServer().running() as server:
        outcome = bare_cli("check", "leaks", f"{server.url}/elsewhere")
    assert outcome.code == 1
    assert "the server answered 404 Not Found: no such page\n  is /elsewhere/ the right path?" in outcome.err


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://host/", "nonsense", "wss://", "https://:8443/", "", "https://host:99999/", "https://host:0/"),
        *("https://[::1/", "https://a..b/", f"https://{'a' * 70}/"),
    ],
)
def test_a_wrong_url(bare_cli: Cli, url: str) -> None:
    outcome = bare_cli("check", "leaks", url)
    assert outcome.code == 2
    assert outcome.err == f"Error: '{url}' is not a URL of a household server; write https://HOST:PORT/\n"


def test_a_target_that_was_named_has_to_answer(bare_cli: Cli) -> None:
    with HouseholdServer().running() as server:
        assert bare_cli("--target", "/nowhere", "check", "leaks", server.url).code == 3


def test_certificates_are_checked_unless_the_server_is_this_machine() -> None:
    verified = {
        url: getattr(server_at(url).context, "verify_mode", None)
        for url in ("wss://probe1.example", "wss://127.0.0.1:8443", "wss://[::1]/", "https://localhost", "ws://probe1")
    }
    assert verified == {
        "wss://probe1.example": ssl.CERT_REQUIRED,
        "wss://127.0.0.1:8443": ssl.CERT_NONE,
        "wss://[::1]/": ssl.CERT_NONE,
        "https://localhost": ssl.CERT_NONE,
        "ws://probe1": None,
    }
    assert server_at("https://probe1.example:8443").websocket_url == "wss://probe1.example:8443/ws/virtual-household/"
    assert server_at("ws://probe1/x/").stats_url == "http://probe1/virtual-household/stats"


def test_the_script_does_the_same() -> None:
    script = Path(test_resource_leak_fix.__file__)
    with HouseholdServer().running() as server:
        command = [sys.executable, str(script), server.url, *QUICKLY]
        clean = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOUSEHOLDCTL_TARGET": ""})
        assert clean.returncode == 0
        assert "leaks detected           0" in clean.stdout
        assert test_resource_leak_fix.run(server.url).passed
