from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from householdd.api.callers import Caller
from householdd.api.roles import Role, Rules
from householdd.config.dashboard_tokens import MAX_FILE_BYTES, DashboardTokens, TokensError, read_tokens

ALICE, BOB = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


def tokens_of(path: Path, text: str, mode: int = 0o600) -> DashboardTokens:
    path.write_text(text)
    path.chmod(mode)
    return read_tokens(path)


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


def test_without_a_file_every_visitor_is_a_viewer() -> None:
    tokens = read_tokens(None)
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
        (f"alice viewer {ALICE}\nalice admin {BOB}\n", "line 2: alice has two lines"),
        (f"alice viewer {ALICE}\nbob admin {ALICE}\n", "line 2: bob has the token of alice"),
        ("# no logins\n", "has no logins; write lines such as: alice operator TOKEN"),
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
    words = re.escape(f"dashboard.tokens: {path}: mode {mode:04o} gives access to others; allowed is 0640 or stricter")
    with pytest.raises(TokensError, match=f"^{words}$"):
        tokens_of(path, f"alice viewer {ALICE}\n", mode)


def test_a_group_may_read_it(path: Path) -> None:
    assert tokens_of(path, f"alice viewer {ALICE}\n", 0o640).needed


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to another user needs root")
def test_a_file_of_another_user_is_refused(path: Path) -> None:
    path.write_text(f"alice admin {ALICE}\n")
    path.chmod(0o600)
    os.chown(path, 54_321, -1)
    with pytest.raises(TokensError, match="must belong to root or to householdd's own user"):
        read_tokens(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(TokensError, match=re.escape(f"dashboard.tokens: {path}: No such file or directory")):
        read_tokens(path)


def test_a_name_gives_its_role_and_a_certificate_cannot_have_it() -> None:
    rules = Rules().with_names({"dashboard:alice": Role.OPERATOR}).with_names({"dashboard:bob": Role.OPERATOR})
    for name in ("alice", "bob"):
        assert rules.role(Caller("x", "x", names=frozenset({f"dashboard:{name}"}))) is Role.OPERATOR
    assert rules.role(Caller("x", "x", names=frozenset({"DNS:alice", "URI:dashboard:alice"}))) is Role.NONE
