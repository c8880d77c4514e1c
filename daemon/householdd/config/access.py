"""``[access]``: roles in the control API."""

from __future__ import annotations

import grp
import pwd
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from householdd.api.roles import Grants, Role, Rules
from householdd.clients.addresses import Address, parse_address

Number = Annotated[int, Field(ge=0, lt=2**32 - 1)]
NameOrNumber = Number | Annotated[str, Field(min_length=1)]
RoleWord = Literal["viewer", "operator", "admin"]

SAN_KINDS = ("URI", "DNS", "email")
"""As openssl(1) and Python write them."""


class AccessError(ValueError):
    """The message says which setting, and why."""


def _san(name: str) -> str:
    kind, colon, value = name.partition(":")
    if kind not in SAN_KINDS or not (colon and value):
        kinds = ", ".join(SAN_KINDS)
        raise ValueError(f"{name!r}: write the kind first, such as URI:spiffe://isp.example/noc; kinds are {kinds}")
    return canonical_san(kind, value)


def canonical_san(kind: str, value: str) -> str:
    """Return the form that is compared: DNS names in lower case."""
    return f"{kind}:{value.lower() if kind == 'DNS' else value}"


class TcpSettings(BaseModel):
    """Off without ``listen``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[Address, BeforeValidator(parse_address)] | None = None
    cert: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    roles: dict[Annotated[str, AfterValidator(_san)], RoleWord] = {}

    @model_validator(mode="after")
    def _mutual(self) -> Self:
        needed = {"cert": self.cert, "key": self.key, "client_ca": self.client_ca}
        missing = [name for name, path in needed.items() if path is None]
        if self.listen is not None and missing:
            raise ValueError(
                f"{', '.join(missing)} missing; the control API over TCP uses TLS with client certificates, which "
                "requires cert, key and client_ca"
            )
        return self


class AccessSettings(BaseModel):
    """By name or number; root and the daemon's user are admins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    viewer_users: list[NameOrNumber] = []
    viewer_groups: list[NameOrNumber] = []
    operator_users: list[NameOrNumber] = []
    operator_groups: list[NameOrNumber] = []
    admin_users: list[NameOrNumber] = []
    admin_groups: list[NameOrNumber] = []
    socket_group: NameOrNumber | None = None
    socket_mode: Literal["0600", "0660", "0666"] = "0660"
    tcp: TcpSettings = TcpSettings()

    def rules(self, own_uid: int, socket_gid: int) -> Rules:
        """Return the rules; without users and groups, members of ``socket_gid`` are admins. Raise AccessError."""
        grants = {}
        configured = False
        for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN):
            users, groups = getattr(self, f"{role.word}_users"), getattr(self, f"{role.word}_groups")
            configured = configured or bool(users or groups)
            grants[role] = Grants(
                frozenset(_uid(user, f"access.{role.word}_users") for user in users),
                frozenset(_gid(group, f"access.{role.word}_groups") for group in groups),
                frozenset(name for name, word in self.tcp.roles.items() if word == role.word),
            )
        admins = grants[Role.ADMIN]
        grants[Role.ADMIN] = Grants(
            admins.uids | {0, own_uid}, admins.gids if configured else frozenset({socket_gid}), admins.names
        )
        return Rules(grants)

    @property
    def launch_only(self) -> tuple[object, ...]:
        """Settings that a reload keeps."""
        tcp = self.tcp
        return self.socket_group, self.socket_mode, tcp.listen, tcp.cert, tcp.key, tcp.client_ca

    def socket_gid(self) -> int | None:
        """Return None for the process's group. Raise AccessError."""
        return None if self.socket_group is None else _gid(self.socket_group, "access.socket_group")


def _uid(user: int | str, key: str) -> int:
    try:
        return user if isinstance(user, int) else pwd.getpwnam(user).pw_uid
    except KeyError:
        raise AccessError(f"{key}: no user {user!r} on this machine") from None


def _gid(group: int | str, key: str) -> int:
    try:
        return group if isinstance(group, int) else grp.getgrnam(group).gr_gid
    except KeyError:
        raise AccessError(f"{key}: no group {group!r} on this machine") from None
