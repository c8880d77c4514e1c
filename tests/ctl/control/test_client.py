"""A daemon across the network, over mutual TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
import trustme

from tests.ctl.fake_daemon import FakeDaemon, session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ctl.conftest import Cli


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def remote(tmp_path: Path, authority: trustme.CA) -> Iterator[FakeDaemon]:
    fake = FakeDaemon(tmp_path / "remote.sock")
    fake.sessions = [session(1)]
    ours = authority.issue_cert("localhost")
    pair = (ours.private_key_pem.bytes(), ours.cert_chain_pems[0].bytes())
    credentials = grpc.ssl_server_credentials([pair], authority.cert_pem.bytes(), require_client_auth=True)
    with fake.running(credentials):
        yield fake


def _files(tmp_path: Path, trusted: trustme.CA, issuer: trustme.CA) -> tuple[str, ...]:
    client = issuer.issue_cert("operator@example.net")
    trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    client.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    return tuple(word for name in ("ca", "cert", "key") for word in (f"--{name}", str(tmp_path / f"{name}.pem")))


def test_a_daemon_across_the_network(bare_cli: Cli, remote: FakeDaemon, authority: trustme.CA, tmp_path: Path) -> None:
    files = _files(tmp_path, authority, authority)
    outcome = bare_cli(*files, "--target", f"localhost:{remote.port}", "sessions", "list", "-o", "jsonl")
    assert (outcome.code, outcome.err) == (0, "")
    assert len(outcome.json_lines) == 1
    assert bare_cli("context", "add", "far", f"localhost:{remote.port}", *files).code == 0
    assert bare_cli("sessions", "list", "--context", "far").code == 0


def test_files_can_come_from_the_environment(
    bare_cli: Cli, remote: FakeDaemon, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _files(tmp_path, authority, authority)
    for name in ("ca", "cert", "key"):
        monkeypatch.setenv(f"HOUSEHOLDCTL_{name.upper()}", str(tmp_path / f"{name}.pem"))
    monkeypatch.setenv("HOUSEHOLDCTL_TARGET", f"localhost:{remote.port}")
    assert bare_cli("resume").code == 0


def test_a_daemon_that_we_do_not_trust(
    bare_cli: Cli, remote: FakeDaemon, authority: trustme.CA, tmp_path: Path
) -> None:
    files = _files(tmp_path, trustme.CA(), authority)
    outcome = bare_cli(*files, "--target", f"localhost:{remote.port}", "resume")
    assert outcome.code == 3
    # gRPC's server, in this process, has its own lines there.
    assert outcome.err.splitlines()[-1].startswith(
        f"Error: householdd cannot be reached at localhost:{remote.port}: certificate not trusted: "
    )


def test_a_daemon_that_does_not_trust_us(
    bare_cli: Cli, remote: FakeDaemon, authority: trustme.CA, tmp_path: Path
) -> None:
    files = _files(tmp_path, authority, trustme.CA())
    outcome = bare_cli(*files, "--target", f"localhost:{remote.port}", "resume")
    assert outcome.code == 3
    reason = "the connection was closed; the daemon may not trust the client certificate"
    assert f"localhost:{remote.port}: {reason}" in outcome.err


def test_nobody_listens(bare_cli: Cli, authority: trustme.CA, tmp_path: Path) -> None:
    outcome = bare_cli(*_files(tmp_path, authority, authority), "--target", "localhost:1", "resume")
    assert outcome.code == 3
    assert (
        outcome.err == "Error: householdd cannot be reached at localhost:1: connection refused; nothing listens there\n"
    )


@pytest.mark.parametrize(
    ("ca", "cert", "key", "complaint"),
    [
        ("nope.pem", "cert.pem", "key.pem", "{}/nope.pem: No such file or directory"),
        ("ca.pem", "nope.pem", "key.pem", "{}/nope.pem: No such file or directory"),
        ("ca.pem", "cert.pem", "nope.pem", "{}/nope.pem: No such file or directory"),
        ("key.pem", "cert.pem", "key.pem", "{}/key.pem: not a CA certificate in PEM format"),
        (
            "ca.pem",
            "key.pem",
            "cert.pem",
            "{0}/key.pem, {0}/cert.pem: not a certificate and its private key in PEM format",
        ),
    ],
)
def test_files_that_cannot_be_used(
    bare_cli: Cli, authority: trustme.CA, tmp_path: Path, ca: str, cert: str, key: str, complaint: str
) -> None:
    _files(tmp_path, authority, authority)
    names = {"--ca": ca, "--cert": cert, "--key": key}
    files = [f"{option}={tmp_path / name}" for option, name in names.items()]
    outcome = bare_cli(*files, "--target", "localhost:1", "resume")
    assert (outcome.code, outcome.err) == (2, f"Error: {complaint.format(tmp_path)}\n")
