from __future__ import annotations

from pathlib import Path

import pytest

from householdd.api.callers import Caller
from householdd.api.roles import Role
from householdd.config.access import AccessError, AccessSettings
from householdd.config.loading import ConfigError, load


def refusal(tmp_path: Path, text: str) -> str:
    file = tmp_path / "toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load({"no_tls": True}, file)
    return str(refused.value).removeprefix(f"{file}: ")


KINDS = "write the kind first, such as URI:spiffe://isp.example/noc; kinds are URI, DNS, email"

NEEDED = "missing; the control API over TCP uses TLS with client certificates, which requires cert, key and client_ca"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[access.tcp]\nlisten = '127.0.0.1:1'\n", f"access.tcp: cert, key, client_ca {NEEDED}"),
        ("[access.tcp]\nlisten = '127.0.0.1:1'\ncert = 'c'\nkey = 'k'\n", f"access.tcp: client_ca {NEEDED}"),
        ("[access.tcp]\nlisten = 'x'\n", "access.tcp.listen: write HOST:PORT, such as 0.0.0.0:443 or [::]:443"),
        ("[access.tcp.roles]\n'noc' = 'admin'\n", f"access.tcp.roles.noc.[key]: 'noc': {KINDS}"),
        ("[access]\nsocket_mode = '0777'\n", "access.socket_mode: must be '0600', '0660' or '0666', not \"0777\""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(tmp_path, text) == problem


def test_an_unknown_key_is_answered_with_those_of_its_table(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[access]\nviewers = []\n").startswith(
        "access.viewers: no such setting; known are viewer_users, viewer_groups, operator_users"
    )
    assert refusal(tmp_path, "[access.tcp]\nca = ''\n").endswith("known are listen, cert, key, client_ca, roles")


@pytest.mark.parametrize("key", ["viewer_users", "operator_groups"])
def test_names_that_the_machine_does_not_know_are_refused(key: str) -> None:
    with pytest.raises(AccessError, match=f"^access.{key}: no (user|group) 'x-none' on this machine$"):
        AccessSettings(**{key: ["x-none"]}).rules(own_uid=5, socket_gid=6)  # type: ignore[arg-type]


def test_names_and_numbers_mean_the_same() -> None:
    rules = AccessSettings(viewer_users=["root", 7], operator_groups=["root", 8]).rules(own_uid=5, socket_gid=6)
    assert rules.role(Caller("", "", uid=7)) is Role.VIEWER
    assert rules.role(Caller("", "", uid=9, gids=frozenset({0}))) is Role.OPERATOR
    assert rules.role(Caller("", "", uid=9, gids=frozenset({8}))) is Role.OPERATOR


def test_root_the_daemon_and_by_default_the_sockets_group_are_admins() -> None:
    for access, group_role in ((AccessSettings(), Role.ADMIN), (AccessSettings(viewer_users=[7]), Role.NONE)):
        rules = access.rules(own_uid=5, socket_gid=6)
        assert [rules.role(Caller("", "", uid=uid)) for uid in (0, 5)] == [Role.ADMIN] * 2
        assert rules.role(Caller("", "", uid=9, gids=frozenset({6}))) is group_role


def test_certificates_have_roles_by_kind_and_name() -> None:
    access = AccessSettings.model_validate(
        {"tcp": {"roles": {"DNS:NOC.isp.example": "viewer", "URI:spiffe://x/Y": "admin"}}}
    )
    rules = access.rules(own_uid=5, socket_gid=6)
    assert rules.role(Caller("", "", names=frozenset({"DNS:noc.isp.example"}))) is Role.VIEWER
    assert rules.role(Caller("", "", names=frozenset({"URI:spiffe://x/Y"}))) is Role.ADMIN
    assert rules.role(Caller("", "", names=frozenset({"URI:spiffe://x/y", "email:noc.isp.example"}))) is Role.NONE
