"""What test and check leaks say of a server at which no session can be opened, and of one that ends it."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from contextlib import closing, contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from websockets.sync.server import Server, ServerConnection, serve

from householdctl.control.target import Target, named_target
from householdctl.data_plane.find_server import daemon_url
from householdctl.failures import describe_failure
from tests.ctl.household_server import HouseholdServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon

COMMANDS = [("test", "--download-only", "--duration", "1s"), ("check", "leaks", "--duration", "100ms")]
QUICK = ("check", "leaks", "--duration", "100ms", "--deadline", "500ms")
REDIRECT = "HTTP/1.1 301 Moved\r\nConnection: close\r\nLocation: https://x.example/\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("householdctl.data_plane.leak_check._STILL_FOR_S", 0.3)
    for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy", "socks_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def _answers(text: str) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(text.encode())

    return handle


def _hangs_up(connection: socket.socket) -> None:
    connection.recv(65536)


def _resets(connection: socket.socket) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _is_silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@contextmanager
def _server(handle: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The HOST:PORT at which every connection is handled so, behind TLS where there is a context."""

    def handle_all() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=handle_one, args=(connection,), daemon=True).start()

    def handle_one(connection: socket.socket) -> None:
        with suppress(OSError), closing(connection):
            if context is None:
                handle(connection)
            else:
                with context.wrap_socket(connection, server_side=True) as secured:
                    handle(secured)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=handle_all, daemon=True).start()
        yield "{}:{}".format(*listener.getsockname())
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("scheme", "behind_tls", "handle", "code", "reason", "hint"),
    [
        ("https", False, _hangs_up, 3, "the server does not speak TLS", "try http://"),
        ("https", False, _resets, 3, "the server does not speak TLS", "try http://"),
        ("https", False, _answers("HTTP/1.1 400 Bad\r\n\r\n"), 3, "the server does not speak TLS", "try http://"),
        ("https", True, _hangs_up, 3, "the connection was closed without an answer", ""),
        ("https", True, _resets, 3, "the connection was closed without an answer", ""),
        ("https", True, _answers("SSH-2.0-x\r\n"), 3, "the server does not speak HTTP", ""),
        (
            "http",
            False,
            _hangs_up,
            3,
            "the connection was closed without an answer",
            "it may require TLS: try https://",
        ),
        (
            "http",
            True,
            _is_silent,
            3,
            "the connection was closed without an answer",
            "it may require TLS: try https://",
        ),
        ("http", False, _answers("SSH-2.0-x\r\n"), 3, "the server does not speak HTTP", "try https://"),
        ("http", False, _answers(REDIRECT), 1, "the server answered 301 Moved", "it redirects; try https://x.example/"),
        ("https", True, _answers(REDIRECT), 1, "the server answered 301 Moved", "it redirects; try https://x.example/"),
        ("http", False, _answers("HTTP/1.1 599 Odd\r\n\r\nbusy"), 1, "the server answered 599 Odd: busy", "health"),
        ("http", False, _answers("HTTP/1.1 503 \r\n\r\n"), 1, "the server answered 503", "householdctl health"),
        ("http", False, _answers("HTTP/1.1 200 OK\r\n\r\n<p>hi"), 1, "the server answered 200 OK", "WebSockets"),
        ("http", False, _is_silent, 3, "no answer in time", "wait longer: --timeout SECONDS"),
        ("https", False, _is_silent, 3, "no answer in time", "wait longer: --timeout SECONDS"),
    ],
)
def test_a_server_that_opens_no_session(
    bare_cli: Cli,
    tls: ssl.SSLContext,
    command: tuple[str, ...],
    scheme: str,
    behind_tls: bool,
    handle: Callable[[socket.socket], None],
    code: int,
    reason: str,
    hint: str,
) -> None:
    with _server(handle, tls if behind_tls else None) as address:
        outcome = bare_cli(*command, f"{scheme}://{address}/", "--timeout", "1s")
    message, *hints = outcome.err.splitlines()
    where = f"{'wss' if scheme == 'https' else 'ws'}://{address}/ws/virtual-household/"
    assert (outcome.code, outcome.out, message) == (code, "", f"Error: no session at {where}: {reason}")
    assert hint in "".join(hints)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/", "connection refused; nothing listens there"),
        ("http://localhost:1/", "connection refused; nothing listens there"),
        ("https://name.invalid/", "unknown host name ("),
        ("http://255.255.255.255:1/", "no route to that network"),
    ],
)
def test_no_server_there(bare_cli: Cli, command: tuple[str, ...], url: str, reason: str) -> None:
    outcome = bare_cli(*command, url)
    assert outcome.code == 3
    assert f"/ws/virtual-household/: {reason}" in outcome.err
    assert "Errno" not in outcome.err


@pytest.mark.parametrize(
    "kind",
    [
        OSError,
        ConnectionResetError,
        EOFError,
        TimeoutError,
        ValueError,
        KeyError,
        ssl.SSLError,
        socket.gaierror,
        ssl.SSLCertVerificationError,
    ],
)
def test_a_failure_without_words_is_described(kind: type[BaseException]) -> None:
    words = describe_failure(kind())
    assert words.strip(" ()")
    assert "Error" not in words


@pytest.mark.parametrize(
    ("listening", "target", "url"),
    [
        ("https://probe1:8443/", "x.sock", "https://probe1:8443/"),
        ("https://192.0.2.5:443/", "x.sock", "https://192.0.2.5:443/"),
        ("https://[2001:db8::5]:443/", "x.sock", "https://[2001:db8::5]:443/"),
        ("http://127.0.0.1:80/", "x.sock", "http://127.0.0.1:80/"),
        ("https://probe1:8443/", "edge.example:8446", "https://edge.example:8443/"),
        ("https://0.0.0.0:8443/", "[2001:db8::9]:8446", "https://[2001:db8::9]:8443/"),
    ],
)
def test_the_url_of_a_daemon_is_the_way_to_it_from_here(
    daemon: FakeDaemon, listening: str, target: str, url: str
) -> None:
    daemon.server.listen_urls[:] = [listening]
    daemon.server.hostname = "elsewhere"
    chosen = named_target(target) if "/" in target or target.endswith("sock") else _away(target)
    assert daemon_url(daemon.server, chosen) == url


def _away(text: str) -> Target:
    host, _, port = text.rpartition(":")
    return Target(text, host=host.strip("[]"), port=int(port))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("told", ["probe1", "0.0.0.0", "[::]"])
def test_a_wildcard_is_reached_at_loopback(daemon: FakeDaemon, address: str, told: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        port = listener.getsockname()[1]
        daemon.server.listen_urls[:] = [f"https://{told}:{port}/"]
        host = f"[{address}]" if ":" in address else address
        assert daemon_url(daemon.server, named_target("x.sock")) == f"https://{host}:{port}/"


def test_the_chosen_daemon_says_where_its_server_is(
    cli: Cli, bare_cli: Cli, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.sessions.clear()
    bare_cli("context", "add", "edge", str(daemon.path))
    with HouseholdServer(daemon=daemon).running() as server:
        daemon.server.listen_urls[:] = [server.url.replace("ws:", "http:")]
        for outcome in (cli(*QUICK), bare_cli("--context", "edge", *QUICK)):
            assert (outcome.code, outcome.err) == (0, "")
        monkeypatch.setenv("HOUSEHOLDCTL_TARGET", str(daemon.path))
        assert bare_cli(*QUICK).code == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("listening", "message"),
    [
        ([], "does not tell where it listens"),
        (["https://127.0.0.1:1/"], "no session at wss://127.0.0.1:1/ws/virtual-household/: connection refused"),
    ],
)
def test_a_daemon_whose_server_is_not_there(
    cli: Cli, daemon: FakeDaemon, command: tuple[str, ...], listening: list[str], message: str
) -> None:
    daemon.server.listen_urls[:] = listening
    outcome = cli(*command)
    assert outcome.code in {2, 3}
    assert message in outcome.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_daemon_that_was_named_has_to_answer(bare_cli: Cli, command: tuple[str, ...]) -> None:
    outcome = bare_cli("--target", "/nowhere/x.sock", *command)
    assert outcome.code == 3
    assert "householdd cannot be reached at /nowhere/x.sock: no such file" in outcome.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_without_a_daemon_it_says_that_the_url_is_a_guess(
    bare_cli: Cli, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("householdctl.data_plane.find_server.DEFAULT_URL", "https://127.0.0.1:1/")
    outcome = bare_cli(*command)
    assert outcome.code == 3
    assert "cannot ask a daemon for its address: no control socket of householdd" in outcome.err
    assert "give the URL: https://HOST:PORT/" in outcome.err


def test_a_url_wins_over_a_daemon_and_says_so(bare_cli: Cli) -> None:
    outcome = bare_cli("--target", "x.sock", "test", "http://127.0.0.1:1/")
    assert outcome.code == 3
    assert outcome.err.startswith("--target and --context are not used: the URL names the server\nError: no session")


def test_the_proxy_of_the_environment_is_used_and_named(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    with _server(refuse) as address:
        monkeypatch.setenv("https_proxy", f"http://me:secret@{address}")
        outcome = bare_cli("test", "https://speed.example/")
        checked = bare_cli("check", "leaks", "https://speed.invalid/")
    assert seen[0].startswith(b"CONNECT speed.example:443 HTTP/1.1\r\n")
    assert outcome.code == 3
    note, error, hint = outcome.err.splitlines()
    assert note == f"using the proxy http://{address} of the environment, which is measured too"
    assert f"through the proxy http://{address}: proxy rejected connection: HTTP 407" in error
    assert hint == "  connect directly: no_proxy=HOST"
    assert len(seen) == 1, "check leaks connects directly"
    assert "unknown host name" in checked.err


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("https_proxy", "socks5://127.0.0.1:1", "is a SOCKS proxy"),
        ("all_proxy", "ftp://127.0.0.1:1", None),
        ("https_proxy", "ftp://127.0.0.1:1", "is not a URL of a proxy"),
        ("https_proxy", "http://127.0.0.1:nine", "is not a URL of a proxy"),
    ],
)
def test_a_proxy_that_cannot_be_used(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str | None
) -> None:
    monkeypatch.setenv(variable, value)
    outcome = bare_cli("test", "https://speed.invalid/")
    assert outcome.code == (3 if reason is None else 2)
    assert (reason or "unknown host name") in outcome.err


def test_a_loopback_address_needs_no_proxy(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with HouseholdServer().running() as server:
        assert bare_cli("check", "leaks", server.url, *QUICK[2:]).err == ""


def test_check_leaks_says_that_it_uses_no_proxy(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setattr("householdctl.data_plane.server_url.is_loopback", lambda _: False)
    with HouseholdServer().running() as server:
        outcome = bare_cli("check", "leaks", server.url, *QUICK[2:])
    assert outcome.code == 0
    assert outcome.err.startswith("note: the proxy http://proxy.example:3128 was not used")


@contextmanager
def _ending_server(end: Callable[[ServerConnection], None], introduction: str) -> Iterator[str]:
    def session(connection: ServerConnection) -> None:
        connection.send(introduction)
        end(connection)

    with serve(session, "127.0.0.1", 0, compression=None) as server, _serving(server):
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}/"


@contextmanager
def _serving(server: Server | ThreadingTCPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _introduction(**profile: Any) -> str:
    return json.dumps({"type": "session_info", "profile": profile})


INTRODUCTION = _introduction(activity_type="gaming", download_mbps=1, upload_mbps=1)


@pytest.mark.parametrize(
    ("end", "introduction", "words"),
    [
        (lambda session: session.close(1000, "ended by the operator: line card"), INTRODUCTION, "line card"),
        (lambda session: session.close(1008), INTRODUCTION, "closed with code 1008"),
        (lambda session: session.close(), INTRODUCTION, "closed by the server"),
        (lambda session: session.socket.close(), INTRODUCTION, "the connection was lost"),
        (lambda session: session.recv(), _introduction(activity_type="gaming"), "is not understood"),
        (lambda session: session.recv(), "{", "is not understood"),
        (lambda session: session.recv(), "[" * 100_000, "is not understood"),
    ],
)
def test_a_session_that_the_server_ends_before_the_load(
    bare_cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[ServerConnection], None],
    introduction: str,
    words: str,
) -> None:
    monkeypatch.setattr("householdctl.data_plane.run.IDLE_S", 0.3)
    with _ending_server(end, introduction) as url:
        outcome = bare_cli("test", url, "--download-only", "--duration", "1s", "--no-warmup")
    assert outcome.code == 1
    assert outcome.err.startswith("Error: the server ended the test: ")
    assert words in outcome.err


def _kill_jake(connection: ServerConnection) -> None:
    """Answer what a client asks; Jake's session is killed at his third message."""
    assert connection.request is not None
    for asked, text in enumerate(connection):
        if "/jake_" in connection.request.path and asked >= 2:
            complete = {"type": "session_complete", "reason": "killed", "detail": "customer called"}
            figures = {"server_received_bytes": 0, "elapsed_seconds": 1.0, "target_download_mbps": 1.0}
            connection.send(json.dumps(complete | figures))
            connection.close(1000, "closed by the operator: customer called")
            return
        message = json.loads(text)
        if message["type"] == "stop_test":
            return
        connection.send(json.dumps({"type": "pong", "sequence": message.get("sequence")}))


@pytest.mark.parametrize("style", ["table", "json"])
def test_the_operators_reason_for_a_kill_is_shown(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, style: str) -> None:
    for name in ("IDLE_S", "RECOVERY_S"):
        monkeypatch.setattr(f"householdctl.data_plane.run.{name}", 1.0)
    with _ending_server(_kill_jake, INTRODUCTION) as url:
        outcome = bare_cli("test", url, "--download-only", "--duration", "2s", "--no-warmup", "--no-share", "-o", style)
    assert outcome.code == 1
    if style == "table":
        assert "jake: closed by the operator: customer called\n" in outcome.err
    else:
        words = "closed by the operator: customer called"
        assert outcome.json["ended"] == [
            {"who": "jake", "words": words, "reason": "killed", "detail": "customer called"}
        ]


class _Tunnel(BaseRequestHandler):
    """Connects to the port that a client names, at this machine."""

    def handle(self) -> None:
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            asked += self.request.recv(1)
        port = int(asked.split()[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as server:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            upwards = threading.Thread(target=self._copy, args=(self.request, server))
            upwards.start()
            self._copy(server, self.request)
            upwards.join()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def _tunnels() -> Iterator[str]:
    with ThreadingTCPServer(("127.0.0.1", 0), _Tunnel) as proxy, _serving(proxy):
        yield f"http://127.0.0.1:{proxy.server_address[1]}"


def test_no_side_is_named_behind_a_proxy(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDLE_S", "RECOVERY_S"):
        monkeypatch.setattr(f"householdctl.data_plane.run.{name}", 1.0)
    with _tunnels() as proxy, _ending_server(_kill_jake, INTRODUCTION) as url:
        monkeypatch.setenv("http_proxy", proxy)
        named = url.replace("127.0.0.1", "speed.example")
        outcome = bare_cli(
            "test", named, "--download-only", "--duration", "2s", "--no-warmup", "--no-share", "-o", "json"
        )
    assert outcome.json["home_or_line"]["reason"] == "proxy"
    assert outcome.json["facts"]["gateway"] is None
