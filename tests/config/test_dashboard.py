"""Who may log in to the dashboard, and where it may be."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from householdd.api.callers import Caller
from householdd.api.roles import Role, Rules
from householdd.config import settings
from householdd.config.dashboard import MAX_FILE_BYTES, DashboardSettings, DashboardTokens, TokensError, read_tokens

ALICE, BOB = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


def tokens_of(path: Path, text: str, mode: int = 0o600) -> DashboardTokens:
    path.write_text(text)
    path.chmod(mode)
    return read_tokens(DashboardSettings(tokens=path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


def test_a_token_belongs_to_a_name_and_a_role(path: Path) -> None:
    tokens = tokens_of(path, f"# operators\n\nalice operator {ALICE}\n  bob\tviewer {BOB}\n")
    alice = tokens.login(ALICE)
    assert alice is not None
    assert (alice.name, alice.role) == ("alice", Role.OPERATOR)
    for wrong in ("", ALICE[:-1], ALICE.upper(), f"{ALICE} ", "\ud800"):
        assert tokens.login(wrong) is None
    assert tokens.roles == {"dashboard:alice": Role.OPERATOR, "dashboard:bob": Role.VIEWER}


def test_without_a_file_everybody_may_look_and_nobody_change() -> None:
    tokens = read_tokens(DashboardSettings())
    assert not tokens.needed
    login = tokens.login("")
    assert login is not None
    assert login.role is Role.VIEWER
    assert tokens.roles == {"dashboard:anybody": Role.VIEWER}


def test_a_login_ends_with_its_line(path: Path) -> None:
    before = tokens_of(path, f"alice operator {ALICE}\nbob viewer {BOB}\n")
    alice, bob = before.login(ALICE), before.login(BOB)
    assert alice is not None
    assert bob is not None
    after = tokens_of(path, f"alice viewer {ALICE}\nbob viewer {BOB}\n")
    assert not after.holds(alice)
    assert after.holds(bob)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("alice operator\n", "line 1: write NAME ROLE TOKEN"),
        (f"\nalice root {ALICE}\n", "line 2: no role 'root'; roles are viewer, operator, admin"),
        (f"a/b viewer {ALICE}\n", "line 1: a name has up to 64 letters, digits, dots, dashes, underscores and @"),
        ("alice viewer short\n", "line 1: a token has 32 to 256 printable ASCII characters, this one 5"),
        (f"alice viewer {ALICE}\nalice admin {BOB}\n", "line 2: alice is there twice"),
        (f"alice viewer {ALICE}\nbob admin {ALICE}\n", "line 2: bob has somebody else's token"),
        ("# nobody\n", "names nobody; write lines such as: alice operator TOKEN"),
        ("#" * (MAX_FILE_BYTES + 1), f"has more than {MAX_FILE_BYTES} bytes"),
    ],
)
def test_a_wrong_file_is_refused_without_showing_tokens(path: Path, text: str, problem: str) -> None:
    with pytest.raises(TokensError) as error:
        tokens_of(path, text)
    assert str(error.value).startswith(f"dashboard.tokens: {path}")
    assert str(error.value).endswith(problem)
    assert ALICE not in str(error.value)


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o602, 0o601])
def test_a_file_that_others_can_use_is_refused(path: Path, mode: int) -> None:
    words = re.escape(f"dashboard.tokens: {path}: mode {mode:04o} lets others in; allowed is 0640 or less")
    with pytest.raises(TokensError, match=f"^{words}$"):
        tokens_of(path, f"alice viewer {ALICE}\n", mode)


def test_a_group_may_read_it(path: Path) -> None:
    assert tokens_of(path, f"alice viewer {ALICE}\n", 0o640).needed


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to somebody else takes root")
def test_somebody_elses_file_is_refused(path: Path) -> None:
    path.write_text(f"alice admin {ALICE}\n")
    path.chmod(0o600)
    os.chown(path, 54_321, -1)
    with pytest.raises(TokensError, match="has to belong to root or to householdd's own user"):
        read_tokens(DashboardSettings(tokens=path))


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(TokensError, match=re.escape(f"dashboard.tokens: {path}: No such file or directory")):
        read_tokens(DashboardSettings(tokens=path))


def test_a_name_gives_its_role_and_a_certificate_cannot_have_it() -> None:
    rules = Rules().with_names({"dashboard:alice": Role.OPERATOR}).with_names({"dashboard:bob": Role.OPERATOR})
    for name in ("alice", "bob"):
        assert rules.role(Caller("x", "x", names=frozenset({f"dashboard:{name}"}))) is Role.OPERATOR
    assert rules.role(Caller("x", "x", names=frozenset({"DNS:alice", "URI:dashboard:alice"}))) is Role.NONE


def load(tmp_path: Path, text: str, **options: object) -> settings.Settings:
    file = tmp_path / "householdd.toml"
    file.write_text(text)
    return settings.load({"no_tls": True, **options}, file)


def test_it_is_on_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    assert str(load(tmp_path, "").dashboard.listen) == "127.0.0.1:8445"
    assert load(tmp_path, '[dashboard]\nlisten = ""').dashboard.listen is None
    assert load(tmp_path, "", dev=True, no_tls=False).dashboard.listen is None
    assert load(tmp_path, '[dashboard]\nnames = ["x"]', dev=True, no_tls=False).dashboard.listen is None
    given = load(tmp_path, '[dashboard]\nnames = ["NOC.example"]', dashboard={"listen": "[::1]:9"}).dashboard
    assert (str(given.listen), given.names) == ("[::1]:9", ["noc.example"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('listen = "0.0.0.0:8445"', "which takes dashboard.tokens, a file of who may log in; or use a loopback"),
        ('listen = "0.0.0.0:8445"\ntokens = "/x"', "no_tls would show tokens to whoever listens; give cert and key"),
        ('names = ["https://noc.example"]', "write a host name without a port, such as noc.isp.example"),
        ("port = 1", "dashboard.port: no such setting; known are listen, tokens, names"),
    ],
)
def test_what_would_be_open_to_others_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(settings.ConfigError, match=re.escape(problem)):
        load(tmp_path, f"[dashboard]\n{text}\n")


def test_a_wrong_option_is_named_as_it_is_typed(tmp_path: Path) -> None:
    with pytest.raises(settings.ConfigError, match=r"^--dashboard-listen: write HOST:PORT"):
        load(tmp_path, "", dashboard={"listen": "here"})
    with pytest.raises(settings.ConfigError, match=r"householdd\.toml: dashboard\.tokens: "):
        load(tmp_path, "[dashboard]\ntokens = 5\n", dashboard={"listen": ""})
