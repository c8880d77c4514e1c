from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from tests.conftest import Householdd


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with tls.crt and tls.key, other.key of another certificate, and householdd.toml."""
    authority = trustme.CA()
    issued, other = authority.issue_cert("speed.example"), authority.issue_cert("speed.example")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    other.private_key_pem.write_to_path(tmp_path / "other.key")
    write(tmp_path)
    return tmp_path


def write(directory: Path, extra: str = "", key: str = "tls.key") -> None:
    (directory / "householdd.toml").write_text(
        f'cert = "{directory}/tls.crt"\nkey = "{directory}/{key}"\nworkers = 3\n{extra}\n[timeouts]\ninactivity = 20\n'
    )


def test_it_shows_what_is_in_force_and_from_where(householdd: Householdd, files: Path) -> None:
    file = str(files / "householdd.toml")
    status, shown, error = householdd(
        *("--log-level", "debug", "check-config", "--config", file),
        env={"HOUSEHOLDD_WORKERS": "2", "HOUSEHOLDD_TIMEOUTS__CLOSE": "3"},
    )
    assert (status, error) == (0, "")
    rows = {key.strip(): rest for key, _, rest in (line.partition("=") for line in shown.splitlines())}
    assert rows["workers"].split() == ["2", "#", "HOUSEHOLDD_WORKERS"]
    assert rows["timeouts.close"].split() == ["3.0", "#", "HOUSEHOLDD_TIMEOUTS__CLOSE"]
    assert rows["timeouts.inactivity"].split() == ["20.0", "#", file]
    assert rows["timeouts.max_duration"].split() == ["300.0", "#", "default"]
    assert rows["log_level"].split() == ['"debug"', "#", "--log-level"]
    assert rows["profiles"].split() == ["(none)", "#", "default"]
    assert "certificate: valid until 3000-" in shown


@pytest.mark.parametrize(
    ("extra", "key", "problem"),
    [
        ("workers_ = 3", "tls.key", "householdd.toml: workers_: no such setting; known are "),
        ("uplink_mbps = -1", "tls.key", "householdd.toml: uplink_mbps: must be at least 0, not -1"),
        ("handshake_timeout = 61", "tls.key", "householdd.toml: handshake_timeout: must be at most 60, not 61"),
        ('proxy_protocol = "v1"', "tls.key", 'householdd.toml: proxy_protocol: write true, false or "required"'),
        ("proxy_protocol = true", "tls.key", "proxy_protocol requires trusted_proxies"),
        ("", "other.key", "the key does not belong to the certificate"),
        ("", "missing.key", "missing.key: No such file or directory"),
        ('congestion_control = "carrier-pigeon"', "tls.key", "congestion_control carrier-pigeon: the kernel lacks it"),
        ('profiles = "/nowhere.toml"', "tls.key", "profiles /nowhere.toml: "),
        (f'runtime_dir = "/{"x" * 100}"', "tls.key", "too long for the sockets in it"),
    ],
)
def test_it_refuses_what_a_start_would_refuse(
    householdd: Householdd, files: Path, extra: str, key: str, problem: str
) -> None:
    write(files, extra, key)
    status, shown, error = householdd("check-config", "--config", str(files / "householdd.toml"))
    assert (status, shown) == (2, "")
    assert problem in error
    assert len(error.splitlines()) == 1


def test_quiet_says_nothing_when_all_is_well_and_the_same_when_not(householdd: Householdd, files: Path) -> None:
    file = str(files / "householdd.toml")
    assert householdd("check-config", "--quiet", "--config", file) == (0, "", "")
    write(files, "workers_ = 3")
    loud, quiet = (householdd("check-config", *option, "--config", file) for option in ((), ("--quiet",)))
    assert quiet == loud
    assert quiet[0] == 2


def test_secrets_are_not_shown(householdd: Householdd, files: Path) -> None:
    file = files / "householdd.toml"
    file.write_text(f'{file.read_text()}[history]\nurl = "postgresql://me:letmein@db.example/history"\n')
    status, shown, _ = householdd("check-config", "--config", str(file))
    assert status == 0
    assert "history.url" in shown
    assert "letmein" not in shown


def test_without_a_file_it_is_the_unit_s(householdd: Householdd, tmp_path: Path) -> None:
    status, _, error = householdd("check-config", env={"HOME": str(tmp_path)})
    # Of a machine on which householdd is not installed.
    assert (status, error) == (2, "householdd: /etc/householdd/householdd.toml: No such file or directory\n")


def test_it_makes_nothing(householdd: Householdd, tmp_path: Path) -> None:
    state = tmp_path / "state"
    status, shown, _ = householdd("--dev", "--state-dir", str(state), "check-config")
    assert status == 0
    assert "# default with dev" in shown
    assert not state.exists()
