"""The port's HTTP side: what the deployed page asks before it connects, public figures, the page itself."""

from __future__ import annotations

import gzip
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from household.v1 import server_service_pb2
from tests.daemon import TIMEOUT_S, Daemon, running
from tests.websocket_clients import OldPage, client
from tests.worker.http_client import ask

ORIGIN = "https://page.example"


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that allows pages of another origin."""
    origins = f'["{ORIGIN}", "https://other.example"]'
    with running(tmp_path_factory.mktemp("daemon"), env={"HOUSEHOLDD_ALLOWED_ORIGINS": origins}) as daemon:
        yield daemon


def test_without_upgrade_a_session_url_says_where_to_connect(shared_daemon: Daemon) -> None:
    answer = ask(shared_daemon, "/ws/virtual-household/alex_7?test_id=7", Host="test.example:4443")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {
        "redirect": True,
        "websocket_url": "wss://test.example:4443/ws/virtual-household/alex_7",
        "port": int(shared_daemon.url.rsplit(":", 1)[1].strip("/")),
        "architecture": "multi_process",
        "process_isolation": True,
        "connection_type": "websocket",
    }


def test_without_upgrade_a_session_url_says_what_an_upgrade_would_meet(daemon: Daemon) -> None:
    assert daemon.ctl("drain", "--reason", "maintenance", "--yes").returncode == 0
    answer = ask(daemon, "/ws/virtual-household/alex_7?test_id=7")
    assert answer.status == 200
    assert answer.json["refused"].startswith("Draining; try again in ")


async def test_the_old_page_asks_first_then_opens_what_it_was_told(shared_daemon: Daemon) -> None:
    told = ask(shared_daemon, "/ws/virtual-household/sarah").json
    assert told["redirect"] is True
    assert told["websocket_url"] == f"{shared_daemon.ws_url}sarah"
    async with client(shared_daemon, "sarah", OldPage, "?test_id=1754800000") as page:
        await page.until(lambda: page.received_bytes)


def test_without_tls_the_url_is_plain(tmp_path: Path) -> None:
    with running(tmp_path, "--no-tls") as daemon:
        assert daemon.url.startswith("http://")
        connection = http.client.HTTPConnection(daemon.url.split("/")[2], timeout=10)
        connection.request("GET", "/ws/virtual-household/jake", headers={"Host": "plain.example"})
        assert b'"ws://plain.example/ws/virtual-household/jake"' in connection.getresponse().read()
        connection.close()


def test_an_address_that_asks_too_often_is_told_when_to_come_back(daemon: Daemon) -> None:
    limit = "limits.requests_per_second_per_address=1"
    assert daemon.ctl("config", "set", limit).returncode == 0
    answers = [ask(daemon, target) for target in ("/", "/virtual-household/profiles", "/ws/virtual-household/alex") * 4]
    assert [each.status for each in answers] == [200] * 10 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "2"
    assert answers[-1].body == b"Your address may make 1 requests a second; try again in 2 s.\n"
    assert ask(daemon, "/virtual-household/ready").status == 200
    refused = {each.cause: each.count for each in daemon.get_server().totals.refusals}
    assert refused == {server_service_pb2.REFUSAL_CAUSE_REQUEST_RATE: 2}


ROWS = [
    "/ws/virtual-household/alex",
    *(f"{prefix}/virtual-household/{row}" for prefix in ("", "/api") for row in ("health", "profiles", "stats")),
]


@pytest.mark.parametrize("row", ROWS)
def test_rows_can_be_read_by_pages_of_allowed_origins_only(shared_daemon: Daemon, row: str) -> None:
    for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example", None), ("null", None)):
        answer = ask(shared_daemon, row, Origin=origin)
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
        assert answer.headers["Vary"] == "Origin"
    assert ask(shared_daemon, row).headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_health(shared_daemon: Daemon, prefix: str) -> None:
    assert ask(shared_daemon, f"{prefix}/virtual-household/health").json == {"status": "healthy", "active_sessions": 0}


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_profiles(shared_daemon: Daemon, prefix: str) -> None:
    profiles = ask(shared_daemon, f"{prefix}/virtual-household/profiles").json["profiles"]
    rates = {key: (each["download_mbps"], each["upload_mbps"]) for key, each in profiles.items()}
    assert rates == {"alex": (1.5, 0.75), "sarah": (2.5, 2.5), "jake": (5.0, 0.1), "computer": (1000.0, 0.1)}
    assert all(set(each) == PROFILE_FIELDS for each in profiles.values())


PROFILE_FIELDS = {"name", "download_mbps", "upload_mbps", "description", "activity_type"}


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_stats_are_aggregates(shared_daemon: Daemon, prefix: str) -> None:
    stats = ask(shared_daemon, f"{prefix}/virtual-household/stats").json
    assert set(stats) == {
        "state",
        "version",
        "uptime_seconds",
        "workers",
        "active_sessions",
        "sessions_opened",
        "sessions_closed",
        "sent_bytes",
        "received_bytes",
        "download_bps",
        "upload_bps",
    }
    assert stats["state"] == "serving"
    assert stats["workers"] == 1
    assert "127.0.0.1" not in str(stats)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("row", [*ROWS, "/virtual-household/ready", "/", "/app.js"])
def test_other_methods_are_told_which_there_are(shared_daemon: Daemon, row: str, method: str) -> None:
    answer = ask(shared_daemon, row, method, b"x" * 100, Origin=ORIGIN)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.body == b"Allowed methods: GET, HEAD, OPTIONS.\n"
    assert answer.headers["Access-Control-Allow-Origin"] == (None if row in {"/", "/app.js"} else ORIGIN)


@pytest.mark.parametrize("row", [*ROWS, "/virtual-household/ready", "/", "/app.js", "/nothing"])
def test_head_is_get_without_the_body(shared_daemon: Daemon, row: str) -> None:
    get, head = ask(shared_daemon, row), ask(shared_daemon, row, "HEAD")
    assert (head.status, head.body) == (get.status, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    # The figures of one moment have not the length of those of another.
    if "stats" not in row:
        assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.body))


@pytest.mark.parametrize("row", [*ROWS, "/virtual-household/ready", "/", "/app.js", "*"])
def test_options_say_what_a_row_answers(shared_daemon: Daemon, row: str) -> None:
    answer = ask(shared_daemon, row, "OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("row", ROWS)
def test_a_preflight_of_an_allowed_origin_is_granted(shared_daemon: Daemon, row: str) -> None:
    asked: dict[str, str] = {
        "Access_Control_Request_Method": "GET",
        "Access_Control_Request_Headers": "content-type, x-other",
    }
    answer = ask(
        shared_daemon, row, "OPTIONS", None, Origin=ORIGIN, Access_Control_Request_Private_Network="true", **asked
    )
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type, x-other"
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"
    refused = ask(shared_daemon, row, "OPTIONS", None, Origin="https://evil.example", **asked)
    assert [name for name in refused.headers if name.startswith("Access-Control")] == []


def test_what_is_not_there_can_be_read_by_allowed_origins_too(shared_daemon: Daemon) -> None:
    answer = ask(shared_daemon, "/api/nothing", Origin=ORIGIN)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (404, ORIGIN)


def test_cookies_of_a_whole_domain_do_not_keep_the_page_away(shared_daemon: Daemon) -> None:
    assert ask(shared_daemon, "/", Cookie="a" * 20_000).status == 200


def test_a_browser_with_too_many_cookies_is_told_what_to_do(shared_daemon: Daemon) -> None:
    answer = ask(shared_daemon, "/", Cookie="a" * 40_000)
    assert answer.status == 431
    assert b"Delete the cookies of this site" in answer.body


async def test_a_session_opens_whatever_else_the_browser_sends(shared_daemon: Daemon) -> None:
    headers = {"Cookie": "a" * 20_000, "Origin": "https://page.example", "Sec-WebSocket-Protocol": "x"}
    async with client(shared_daemon, "alex_7", OldPage, headers=headers) as page:
        await page.until(lambda: page.received_bytes)


@pytest.mark.parametrize("path", ["/", "/index.html"])
def test_the_page_comes_with_its_policy(shared_daemon: Daemon, path: str) -> None:
    answer = ask(shared_daemon, path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_a_browser_that_has_the_page_is_told_so(shared_daemon: Daemon) -> None:
    first = ask(shared_daemon, "/")
    again = ask(shared_daemon, "/", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert ask(shared_daemon, "/", If_None_Match='"old"').status == 200


@pytest.mark.parametrize("encodings", ["gzip", "br;q=1.0, gzip, *;q=0.1"])
def test_the_page_is_compressed_for_browsers_that_take_it(shared_daemon: Daemon, encodings: str) -> None:
    plain = ask(shared_daemon, "/app.js", Accept_Encoding="identity")
    assert plain.headers["Content-Encoding"] is None
    packed = ask(shared_daemon, "/app.js", Accept_Encoding=encodings)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["Origin", "Upgrade", "User-Agent", "Accept-Encoding", "If-None-Match"])
@pytest.mark.parametrize("path", ["/", "/virtual-household/health", "/ws/virtual-household/alex"])
def test_a_header_that_comes_twice_is_no_defect_of_the_server(shared_daemon: Daemon, name: str, path: str) -> None:
    sent = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{name}: a\r\n{name}: b\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection(shared_daemon.address, timeout=TIMEOUT_S) as plain,
        shared_daemon.tls.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(sent.encode())
        assert connection.recv(4096).split(b" ", 2)[1] == b"200"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/../index.html",
        "/%2e%2e/index.html",
        "/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/./index.html",
        "//index.html",
        "//etc/passwd",
        "/index.html%00",
        "/%ff",
        "//[",
        "//[/ws/virtual-household/alex",
        "*",
        "/api/",
        "/virtual-household/health/",
        "/static/index.html",
    ],
)
def test_other_paths_and_tricks_find_nothing(shared_daemon: Daemon, path: str) -> None:
    answer = ask(shared_daemon, path)
    assert (answer.status, answer.body) == (404, b"Not found.\n")


def test_a_page_is_delivered_to_a_line_that_is_slow_to_take_it(shared_daemon: Daemon) -> None:
    expected = ask(shared_daemon, "/app.js").body
    with socket.socket() as plain:
        # Far less than the response, so that the rest stays with the server.
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(TIMEOUT_S)
        plain.connect(shared_daemon.address)
        with shared_daemon.tls.wrap_socket(plain, server_hostname=shared_daemon.address[0]) as sock:
            sock.sendall(b"GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(4)
            received = b""
            while data := sock.recv(1024):
                received += data
    assert received.partition(b"\r\n\r\n")[2] == expected
