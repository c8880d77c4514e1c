"""The way from HTTP to HTTPS: the port for redirects, ACME, plain HTTP on the port for TLS, HSTS."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from householdd.config.certificates import is_self_signed
from tests.daemon import TIMEOUT_S, Daemon, running
from tests.worker.http_client import ask

CHALLENGE = "/.well-known/acme-challenge/"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA"
ANSWER = f"{TOKEN}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"


def get(address: tuple[str, int], request: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of the answer to a request line, with CRLF for ``|``."""
    with socket.create_connection(address, timeout=TIMEOUT_S) as sock:
        sock.sendall(request.replace("|", "\r\n").encode() + b"\r\n\r\n")
        received = b""
        while data := sock.recv(65536):
            received += data
    head, _, body = received.decode().partition("\r\n\r\n")
    line, *lines = head.split("\r\n")
    return int(line.split(" ")[1]), dict(each.split(": ", 1) for each in lines), body


@pytest.fixture(scope="module")
def acme_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("acme")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, acme_dir: Path) -> Iterator[Daemon]:
    env = {"HOUSEHOLDD_REDIRECT_LISTEN": "127.0.0.1:0", "HOUSEHOLDD_ACME_DIR": str(acme_dir)}
    with running(tmp_path_factory.mktemp("daemon"), env=env) as daemon:
        yield daemon


@pytest.fixture
def redirect(daemon: Daemon) -> tuple[str, int]:
    host, port = daemon.events("redirecting to HTTPS")[0]["address"].rsplit(":", 1)
    return host, int(port)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    ("host", "to"), [("speed.example", "speed.example"), ("speed.example:80", "speed.example"), ("[::1]:80", "[::1]")]
)
def test_everything_is_redirected(daemon: Daemon, redirect: tuple[str, int], method: str, host: str, to: str) -> None:
    status, headers, _ = get(redirect, f"{method} /ws/virtual-household/alex?a=b HTTP/1.1|Host: {host}")
    assert status == 308
    assert headers["Location"] == f"https://{to}:{daemon.address[1]}/ws/virtual-household/alex?a=b"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET / HTTP/1.0", 400),
        ("GET / HTTP/1.1|Host:", 400),
        ("GET / HTTP/1.1|Host: a/b", 400),
        ("GET / HTTP/1.1|Host: [::1", 400),
        ("GET / HTTP/3.0|Host: a", 505),
        ("\x16\x03\x01", 400),
    ],
)
def test_what_names_no_host_is_told_so(redirect: tuple[str, int], request_: str, status: int) -> None:
    assert get(redirect, request_)[0] == status


@pytest.mark.parametrize("folder", ["", ".well-known/acme-challenge"])
def test_challenges_are_answered_from_the_web_root_and_from_their_folder(
    redirect: tuple[str, int], acme_dir: Path, folder: str
) -> None:
    file = acme_dir / folder / TOKEN
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ANSWER)
    status, headers, body = get(redirect, f"GET {CHALLENGE}{TOKEN} HTTP/1.1|Host: speed.example")
    assert (status, body.strip()) == (200, ANSWER)
    assert "Location" not in headers
    status, _, body = get(redirect, f"HEAD {CHALLENGE}{TOKEN} HTTP/1.1|Host: speed.example")
    assert (status, body) == (200, "")
    file.unlink()
    assert get(redirect, f"GET {CHALLENGE}{TOKEN} HTTP/1.1|Host: speed.example")[0] == 404


def test_nothing_but_challenges_is_read_from_there(redirect: tuple[str, int], acme_dir: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (acme_dir / "link").symlink_to(secret)
    (acme_dir / "hard.txt").write_text("secret")
    (acme_dir / "folder").mkdir()
    (acme_dir / "folder" / "inner").write_text("secret")
    os.mkfifo(acme_dir / "pipe")
    (acme_dir / "big").write_text("a" * 100_000)
    (acme_dir / "binary").write_bytes(b"\xff\xfe")
    names = ("link", "hard.txt", "folder", "folder/inner", "pipe", "big", "binary", "", ".", "..", "../acme/big")
    for name in (*names, "%2e%2e/secret", "..%2fsecret", "a%00", "a" * 129, str(secret)):
        status, _, body = get(redirect, f"GET {CHALLENGE}{name} HTTP/1.1|Host: speed.example")
        assert status == 404, name
        assert "secret" not in body


def test_no_link_leads_out_by_a_folder(redirect: tuple[str, int], acme_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "acme-challenge").mkdir()
    (tmp_path / "acme-challenge" / "outside").write_text("secret")
    folder = acme_dir / ".well-known"
    kept = folder.rename(tmp_path / "kept") if folder.exists() else None
    folder.symlink_to(tmp_path)
    assert get(redirect, f"GET {CHALLENGE}outside HTTP/1.1|Host: speed.example")[0] == 404
    folder.unlink()
    if kept is not None:
        kept.rename(folder)


def test_a_daemon_without_the_directory_does_not_start(tmp_path: Path) -> None:
    names = {"DEV": "true", "RUNTIME_DIR": str(tmp_path), "REDIRECT_LISTEN": "127.0.0.1:0"}
    env = {f"HOUSEHOLDD_{name}": value for name, value in {**names, "ACME_DIR": str(tmp_path / "none")}.items()}
    (tmp_path / "empty.toml").touch()
    checked = subprocess.run(
        [sys.executable, "-m", "householdd", "check-config", "--config", str(tmp_path / "empty.toml")],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert checked.returncode == 2
    assert f"acme_dir {tmp_path / 'none'}: no such directory" in checked.stderr


def test_plain_http_on_the_port_for_tls_is_sent_to_https(daemon: Daemon) -> None:
    for method in ("GET", "HEAD"):
        status, headers, _ = get(daemon.address, f"{method} /page?a=b HTTP/1.1|Host: speed.example:8443")
        assert (status, headers["Location"]) == (308, "https://speed.example:8443/page?a=b")


@pytest.mark.parametrize(
    "request_",
    [
        "GET / HTTP/1.0",
        "POST / HTTP/1.1|Host: speed.example",
        "GET /ws/virtual-household/alex HTTP/1.1|Host: speed.example|Connection: Upgrade|Upgrade: websocket",
        "GET / HTTP/1.1|Host: speed.example|no colon",
        "SSH-2.0-OpenSSH_9.9",
    ],
)
def test_other_plain_text_on_the_port_for_tls_is_told_what_is_spoken(daemon: Daemon, request_: str) -> None:
    opened = daemon.get_server().totals.sessions_opened
    status, headers, body = get(daemon.address, request_)
    assert status == 400
    assert headers["Connection"] == "close"
    assert body.endswith(".\n")
    assert daemon.get_server().totals.sessions_opened == opened


def test_browsers_keep_to_https_where_the_certificate_is_the_operators(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    (tmp_path / "state").mkdir()
    authority.cert_pem.write_to_path(tmp_path / "state" / "dev-ca.pem")
    with running(tmp_path, "--cert", str(tmp_path / "tls.crt"), "--key", str(tmp_path / "tls.key")) as daemon:
        for path in ("/", "/virtual-household/health", "/nothing"):
            assert ask(daemon, path).headers["Strict-Transport-Security"] == "max-age=15552000"
        plain = get(daemon.address, "GET / HTTP/1.1|Host: localhost")
    # Browsers ignore it there (RFC 6797 section 8.1), and anybody in between could have written it.
    assert "Strict-Transport-Security" not in plain[1]


def test_a_certificate_to_try_out_binds_no_browser(daemon: Daemon) -> None:
    assert ask(daemon, "/").headers["Strict-Transport-Security"] is None


def test_a_certificate_of_ones_own_that_no_authority_knows_is_told_apart(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    authority.issue_cert("a.example").cert_chain_pems[0].write_to_path(tmp_path / "leaf.crt")
    assert is_self_signed(tmp_path / "ca.crt")
    assert not is_self_signed(tmp_path / "leaf.crt")


@pytest.mark.parametrize("request_so_far", ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: speed.example\r\n\r\n"])
def test_a_client_that_ends_tls_is_nothing_to_log(daemon: Daemon, request_so_far: str) -> None:
    sock = socket.create_connection(daemon.address, timeout=TIMEOUT_S)
    with daemon.tls.wrap_socket(sock, server_hostname="localhost") as tls:
        tls.sendall(request_so_far.encode())
        # An answer may be on its way, and comes behind the end that this sends.
        with contextlib.suppress(ssl.SSLError):
            tls.unwrap().close()
    # The answer to another client shows that the daemon has seen the end of the first.
    assert get(daemon.address, "GET / HTTP/1.1|Host: speed.example")[0] == 308
    assert [line for line in daemon.log.read_text().splitlines() if '"logger": "asyncio"' in line] == []
