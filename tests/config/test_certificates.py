"""Problems of certificates are named before anything is served, and nothing prompts for a pass phrase."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from householdd.config.certificates import tls_context
from householdd.config.loading import ConfigError
from householdd.supervisor import check_config
from tests.certificates import Pair, issue, weak

Make = Callable[[Pair], tuple[bytes, bytes]]
"""Content of the files of a valid certificate and its key."""

FAULTS: dict[str, tuple[Make, str]] = {
    "encrypted key": (
        lambda pair: (pair.pem, pair.key_pem(b"secret")),
        "{key}: the key is encrypted, and the daemon cannot ask for its pass phrase; decrypt it: openssl pkey",
    ),
    "encrypted key of the old form": (
        lambda pair: (pair.pem, pair.key_pem(b"secret", PrivateFormat.TraditionalOpenSSL)),
        "{key}: the key is encrypted",
    ),
    "encrypted key in one file with the certificate": (
        lambda pair: (both := pair.pem + pair.key_pem(b"secret"), both),
        "{key}: the key is encrypted",
    ),
    "weak key": (
        lambda _: ((pair := weak()).pem, pair.key_pem()),
        "the certificate's key is too weak; use RSA with 2048",
    ),
    "key of another certificate": (
        lambda pair: (pair.pem, issue().key_pem()),
        "{cert} with {key}: the key does not belong to the certificate",
    ),
    "chain in the wrong order": (
        lambda pair: (issue().pem + pair.pem, pair.key_pem()),
        "the key belongs to certificate 2 of the file; the server's own must come first",
    ),
    "files the wrong way round": (
        lambda pair: (pair.key_pem(), pair.pem),
        "{cert}: holds a private key and no certificate; are cert and key the wrong way round?",
    ),
    "certificate twice": (lambda pair: (pair.pem, pair.pem), "{key}: holds a certificate and no private key"),
    "DER certificate": (lambda pair: (pair.der, pair.key_pem()), "{cert}: not PEM but DER; convert it: openssl x509"),
    "DER key": (lambda pair: (pair.pem, pair.key_der), "{key}: not PEM but DER; convert it: openssl pkey"),
    "empty certificate": (lambda pair: (b"", pair.key_pem()), "{cert}: is empty"),
    "empty key": (lambda pair: (pair.pem, b"\n"), "{key}: is empty"),
    "junk": (lambda pair: (b"junk", pair.key_pem()), "{cert}: not PEM: no certificate in it"),
    "half a certificate": (lambda pair: (pair.pem[:300], pair.key_pem()), "not PEM, or damaged"),
    "half a key": (lambda pair: (pair.pem, pair.key_pem()[:100]), "not PEM, or damaged"),
    "expired": (
        lambda _: ((pair := issue(-90, -70)).pem, pair.key_pem()),
        "cert {cert}: the certificate expired on 20",
    ),
    "not yet valid": (
        lambda _: ((pair := issue(1, 90)).pem, pair.key_pem()),
        "cert {cert}: the certificate is not valid before 20",
    ),
}


def write(directory: Path, cert: bytes, key: bytes) -> dict[str, Path]:
    paths = {"cert": directory / "tls.crt", "key": directory / "tls.key"}
    paths["cert"].write_bytes(cert)
    paths["key"].write_bytes(key)
    return paths


def checked(**options: object) -> list[str]:
    return list(check_config.report(options, None))


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(tmp_path: Path, fault: str) -> None:
    make, problem = FAULTS[fault]
    paths = write(tmp_path, *make(issue()))
    with pytest.raises(ConfigError) as caught:
        checked(**paths)
    words = str(caught.value)
    assert problem.format(**paths) in words
    assert "\n" not in words


@pytest.mark.parametrize("fault", FAULTS)
def test_so_it_is_for_the_control_api_over_tcp(tmp_path: Path, fault: str) -> None:
    make, problem = FAULTS[fault]
    paths = write(tmp_path, *make(issue()))
    authority = tmp_path / "ca.pem"
    authority.write_bytes(issue().pem)
    tcp = {"listen": "127.0.0.1:8446", **paths, "client_ca": authority}
    with pytest.raises(ConfigError) as caught:
        checked(no_tls=True, access={"tcp": tcp})
    words = str(caught.value)
    assert words.startswith("access.tcp")
    assert problem.removeprefix("cert ").format(**paths) in words


@pytest.mark.parametrize(
    ("bundle", "problem"),
    [
        (b"", "is empty"),
        (issue().key_pem(), "holds a private key and no certificate"),
        (issue().der, "not PEM but DER"),
        (issue(-9, -2).pem + issue(-9, -1).pem, "access.tcp.client_ca"),
    ],
)
def test_authorities_that_trust_no_client_are_refused(tmp_path: Path, bundle: bytes, problem: str) -> None:
    paths = write(tmp_path, (pair := issue()).pem, pair.key_pem())
    authority = tmp_path / "ca.pem"
    authority.write_bytes(bundle)
    tcp = {"listen": "127.0.0.1:8446", **paths, "client_ca": authority}
    with pytest.raises(ConfigError, match=problem):
        checked(no_tls=True, access={"tcp": tcp})


def test_one_authority_that_is_valid_is_enough(tmp_path: Path) -> None:
    paths = write(tmp_path, (pair := issue()).pem, pair.key_pem())
    authority = tmp_path / "ca.pem"
    authority.write_bytes(issue(-9, -2).pem + issue().pem)
    shown = checked(no_tls=True, access={"tcp": {"listen": "127.0.0.1:8446", **paths, "client_ca": authority}})
    assert any(line.startswith("access.tcp.client_ca: valid until") for line in shown)


@pytest.mark.parametrize("ends_in", [13, 15])
def test_one_that_ends_soon_is_worth_a_word(tmp_path: Path, ends_in: float) -> None:
    paths = write(tmp_path, (pair := issue(ends_in=ends_in)).pem, pair.key_pem())
    line = checked(**paths)[-1]
    assert line.endswith(": renew it soon") == (ends_in == 13)


def test_files_as_people_have_them_can_be_used(tmp_path: Path) -> None:
    pair = issue()
    one_file = pair.key_pem() + pair.pem
    windows = pair.pem.replace(b"\n", b"\r\n")
    with_text = b"subject=CN = localhost\n" + pair.pem + issue().pem
    for cert, key in ((one_file, one_file), (windows, pair.key_pem()), (with_text, pair.key_pem())):
        paths = write(tmp_path, cert, key)
        tls_context(paths["cert"], paths["key"])


@pytest.mark.parametrize("command", [["check-config"], ["--listen", "127.0.0.1:0"]])
def test_nothing_asks_on_a_terminal(tmp_path: Path, command: list[str]) -> None:
    pair = issue()
    paths = write(tmp_path, pair.pem, pair.key_pem(b"secret"))
    files = [f"--{name}={path}" for name, path in paths.items()]
    directories = ["--runtime-dir", str(tmp_path / "run"), "--state-dir", str(tmp_path / "state")]
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-m", "householdd", *files, *directories, *command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    try:
        status = process.wait(60)
        shown = os.read(master, 65536).decode()
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert status == (2 if command == ["check-config"] else 1)
    assert "Enter" not in shown
    assert "the key is encrypted" in shown
