from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from householdd.version import VERSION
from tests.conftest import Householdd
from tests.daemon import Daemon, running, wait_until


def start(*options: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit status and standard error of a daemon that is not to come up."""
    done = subprocess.run(
        [sys.executable, "-m", "householdd", *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )
    return done.returncode, done.stderr


def one_line(problem: str) -> str:
    lines = problem.splitlines()
    assert len(lines) == 1, problem
    assert lines[0].startswith("householdd: ")
    return lines[0].removeprefix("householdd: ")


Write = Callable[[str], Path]


@pytest.fixture
def config(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "householdd.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--dev", "--listen", "8443"], "--listen: write HOST:PORT, such as 0.0.0.0:443 or [::]:443"),
        (["--dev", "--listen", "::1:8443"], "--listen: write HOST:PORT, such as 0.0.0.0:443 or [::]:443"),
        (["--dev", "--listen", "a:65536"], "--listen: write HOST:PORT, such as 0.0.0.0:443 or [::]:443"),
        (["--dev", "--workers", "257"], '--workers: must be at most 256, not "257"'),
        ([], "a certificate is needed: give cert and key, or dev for a self-signed one, or no_tls behind a proxy"),
        (["--cert", "/c.pem"], "cert and key belong together; give both or neither"),
        (["--no-tls", "--cert", "/c", "--key", "/k"], "no_tls and cert exclude each other"),
        (["--config", "/nowhere.toml"], "/nowhere.toml: No such file or directory"),
        (["--config", "/"], "/: Is a directory"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(householdd: Householdd, options: list[str], problem: str) -> None:
    status, output, error = householdd(*options)
    assert (status, output, one_line(error)) == (2, "", problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dev = true\nlissten = 'a:1'", "lissten: no such setting; known are dev, listen, public_url"),
        ("dev = true\n[timeouts]\ninactivity = 0", "timeouts.inactivity: 0 s is out of range; allowed is 1 to 3600 s"),
        ("dev = true\n[timeouts]\ninactivty = 9", "timeouts.inactivty: no such setting; did you mean inactivity?"),
        ("dev = true\nworkers = 'many'", 'workers: must be a whole number, not "many"'),
        ("dev = ", "not TOML: "),
    ],
)
def test_a_wrong_file_is_named_with_the_key(householdd: Householdd, config: Write, text: str, problem: str) -> None:
    path = config(text)
    status, output, error = householdd("--config", str(path))
    assert (status, output) == (2, "")
    assert one_line(error).startswith(f"{path}: {problem}")


def test_a_wrong_variable_is_named() -> None:
    status, error = start("--dev", env={"HOUSEHOLDD_WORKERS": "-1"})
    assert (status, one_line(error)) == (2, 'HOUSEHOLDD_WORKERS: must be at least 0, not "-1"')


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        files = ("--runtime-dir", str(tmp_path), "--state-dir", str(tmp_path))
        status, error = start("--dev", "--listen", address, *files)
    assert (status, one_line(error)) == (1, f"listen {address}: Address already in use")


def test_an_unknown_congestion_control_is_told(tmp_path: Path) -> None:
    status, error = start(
        *("--dev", "--listen", "127.0.0.1:0", "--runtime-dir", str(tmp_path), "--state-dir", str(tmp_path)),
        env={"HOUSEHOLDD_CONGESTION_CONTROL": "carrier-pigeon"},
    )
    assert status == 1
    assert one_line(error).startswith("congestion_control carrier-pigeon: the kernel lacks it")


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    status, error = start(
        "--dev", "--listen", "192.0.2.1:8443", "--runtime-dir", str(tmp_path), "--state-dir", str(tmp_path)
    )
    assert (status, one_line(error)) == (1, "listen 192.0.2.1:8443: Cannot assign requested address")


def test_a_worker_of_another_version_than_its_supervisor_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "householdd.worker", "0.0.1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert one_line(done.stderr) == (
        f"these files are version {VERSION}, the running supervisor is 0.0.1; type: systemctl restart householdd"
    )


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    status, error = start(
        *("--listen", "127.0.0.1:0", "--cert", str(junk), "--key", str(junk)),
        *("--runtime-dir", str(tmp_path / "run"), "--state-dir", str(tmp_path)),
    )
    assert status == 1
    assert one_line(error) == f"certificate {junk}: not PEM: no certificate in it"


def test_a_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    authority = trustme.CA()
    one, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    one.cert_chain_pems[0].write_to_path(cert)
    other.private_key_pem.write_to_path(key)
    status, error = start(
        *("--listen", "127.0.0.1:0", "--cert", str(cert), "--key", str(key), "--runtime-dir", str(tmp_path / "run"))
    )
    assert status == 1
    assert "the key does not belong to the certificate" in one_line(error)


def test_profiles_that_are_wrong_are_told(config: Write, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text('[profiles.a]\nname = "A"\n')
    path = config(f'dev = true\nprofiles = "{profiles}"\nruntime_dir = "{tmp_path}/run"\nstate_dir = "{tmp_path}"')
    status, error = start("--config", str(path), "--listen", "127.0.0.1:0")
    assert status == 1
    assert one_line(error).startswith(f"profiles {profiles}: Object missing required field")


@pytest.mark.parametrize("name", ["private/daemon.sock", "private/recorder.sock", "private/emergency", "control.sock"])
def test_each_file_that_cannot_be_had_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "run" / "private").mkdir(parents=True)
    (tmp_path / "run" / name).mkdir()
    files = ("--runtime-dir", str(tmp_path / "run"), "--state-dir", str(tmp_path / "state"))
    status, error = start("--dev", "--listen", "127.0.0.1:0", *files)
    assert status == 1
    assert error.splitlines()[-1].endswith(f"{tmp_path}/run/{name}: Is a directory")


def test_a_second_daemon_in_the_same_place_is_refused(shared_daemon: Daemon) -> None:
    status, error = start("--dev", "--listen", "127.0.0.1:0", "--runtime-dir", str(shared_daemon.runtime_dir))
    assert status == 1
    assert f"in use by another householdd (pid {shared_daemon.process.pid})" in one_line(error)
    assert shared_daemon.get_server().sessions == 0


def test_a_runtime_dir_too_long_for_its_sockets_is_told(tmp_path: Path) -> None:
    status, error = start("--dev", "--listen", "127.0.0.1:0", "--runtime-dir", str(tmp_path / ("x" * 100)))
    assert status == 1
    assert "too long for the sockets in it" in one_line(error)


def test_a_stale_socket_of_a_killed_daemon_is_in_nobody_s_way(tmp_path: Path) -> None:
    with running(tmp_path) as killed:
        killed.process.kill()
        killed.process.wait()
        assert killed.control_socket.exists()
        with running(tmp_path) as next_one:
            assert next_one.get_server().workers[0].restarts == 0


def test_option_beats_variable_beats_file(config: Write, tmp_path: Path) -> None:
    path = config("workers = 3\nlog_level = 'error'\n[timeouts]\ninactivity = 77\n")
    with running(tmp_path, "--config", str(path), "--workers", "1", env={"HOUSEHOLDD_LOG_LEVEL": "info"}) as daemon:
        assert len(daemon.get_server().workers) == 1
        assert daemon.events("serving")
        assert "1m17s" in daemon.ctl("timeouts", "get").stdout


def test_the_development_certificate_is_kept(tmp_path: Path) -> None:
    with running(tmp_path):
        first = (tmp_path / "state" / "dev-cert.pem").read_bytes()
    with running(tmp_path):
        assert (tmp_path / "state" / "dev-cert.pem").read_bytes() == first
    assert (tmp_path / "state" / "dev-key.pem").stat().st_mode & 0o777 == 0o600


def test_the_control_socket_is_closed_to_others(shared_daemon: Daemon) -> None:
    assert shared_daemon.control_socket.stat().st_mode & 0o777 == 0o660
    assert (shared_daemon.runtime_dir / "private").stat().st_mode & 0o777 == 0o700


def test_sighup_reads_the_file_again_and_refuses_a_wrong_one(config: Write, tmp_path: Path) -> None:
    path = config("[timeouts]\ninactivity = 20\n")
    with running(tmp_path, "--config", str(path)) as daemon:
        config("workers = 2\n[timeouts]\ninactivity = 25\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.events("reloaded"), "the reload")
        assert daemon.events("reloaded")[0]["needs_restart"] == ["workers"]
        assert "25s" in daemon.ctl("timeouts", "get").stdout
        config("[timeouts]\ninactivity = -1\n")
        daemon.process.send_signal(signal.SIGHUP)
        refused = "not reloaded; the old configuration stays in force"
        wait_until(lambda: daemon.events(refused), "the refusal")
        assert "allowed is 1 to 3600 s" in daemon.events(refused)[0]["problem"]
        assert "25s" in daemon.ctl("timeouts", "get").stdout


def test_sighup_reads_the_certificate_again(tmp_path: Path) -> None:
    authority = trustme.CA()
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def issue(name: str) -> None:
        issued = authority.issue_cert(name, "127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(cert)
        issued.private_key_pem.write_to_path(key)

    issue("one.example")
    with running(tmp_path, "--cert", str(cert), "--key", str(key)) as daemon:
        assert b"one.example" in served_certificate(daemon)
        issue("two.example")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: b"two.example" in served_certificate(daemon), "the new certificate")


def served_certificate(daemon: Daemon) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(daemon.address))


def test_without_tls_for_a_proxy_in_front(tmp_path: Path) -> None:
    with running(tmp_path, "--no-tls") as daemon:
        assert daemon.url.startswith("http://")
        checked = daemon.ctl("check", "leaks", daemon.ws_url, "--duration", "1")
        assert checked.returncode == 0, checked.stderr


def test_a_service_that_cannot_start_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    directories = ("--runtime-dir", str(tmp_path / "run"), "--state-dir", str(tmp_path / "state"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, error = start(
            "--dev", "--listen", "127.0.0.1:0", *directories, "--dashboard-listen", f"127.0.0.1:{port}"
        )
    assert status == 1
    assert error.splitlines()[-1].endswith(f"dashboard.listen 127.0.0.1:{port}: Address already in use")
    assert not (tmp_path / "run" / "control.sock").exists()
    assert not list(_processes_naming(tmp_path))


def _processes_naming(path: Path) -> Iterator[int]:
    """Ids of processes that have a file below ``path`` open, such as the socket of a worker or the lock."""
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if descriptor.readlink().is_relative_to(path):
                yield int(descriptor.parts[2])
