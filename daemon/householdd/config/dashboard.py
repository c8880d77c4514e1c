"""The ``[dashboard]`` part of the configuration: where the operators' page is, and who may log in."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from householdd.api.roles import Role
from householdd.clients.addresses import Address, parse_optional_address
from householdd.config.secret_files import lets_others_in

MAX_FILE_BYTES = 64 * 1024
"""Bytes of a file of tokens."""

MIN_TOKEN, MAX_TOKEN = 32, 256
"""Characters of a token. One of 32 hexadecimal digits, as `openssl rand -hex 16` makes, cannot be guessed."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_TOKEN = re.compile(rf"[!-~]{{{MIN_TOKEN},{MAX_TOKEN}}}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)
_ROLES = {role.word: role for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN)}


def _host(name: str) -> str:
    if not _HOST.fullmatch(name.lower()):
        raise ValueError(f"{name!r}: write a host name without a port, such as noc.isp.example")
    return name.lower()


class DashboardSettings(BaseModel):
    """The operators' page. Without ``tokens`` everybody who can connect may look, and nobody may change anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[Address | None, BeforeValidator(parse_optional_address)] = Address("127.0.0.1", 8445)
    tokens: Path | None = None
    names: list[Annotated[str, AfterValidator(_host)]] = []
    """Host names that browsers use for it, besides localhost, addresses and the machine's own name."""

    @property
    def launch_only(self) -> tuple[object, ...]:
        """The part that a reload does not change."""
        return self.listen, self.names


class TokensError(ValueError):
    """A file of tokens that cannot be used; the message says where and why, and shows no token."""


@dataclass(frozen=True)
class Login:
    """Somebody who may log in."""

    name: str
    role: Role
    digest: bytes
    """SHA-256 of the token."""

    @property
    def identity(self) -> str:
        """The name among those that roles are given to; no certificate has one of this kind."""
        return f"dashboard:{self.name}"


ANYBODY = Login("anybody", Role.VIEWER, b"")
"""Whoever connects where no tokens are configured."""


class DashboardTokens:
    """Who may log in; without a file, that is ``ANYBODY`` without a token."""

    def __init__(self, logins: Iterable[Login] | None = None) -> None:
        self.needed = logins is not None
        self._logins = (ANYBODY,) if logins is None else tuple(logins)

    @property
    def roles(self) -> Mapping[str, Role]:
        """Everybody's, by identity."""
        return {login.identity: login.role for login in self._logins}

    def holds(self, login: Login) -> bool:
        """Whether somebody who logged in once still may."""
        return login in self._logins

    def login(self, token: str) -> Login | None:
        """Whose ``token`` this is. Takes as long for a wrong one as for any."""
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        found = None
        for login in self._logins:
            if hmac.compare_digest(login.digest, digest):
                found = login
        return found if self.needed else ANYBODY


def read_tokens(settings: DashboardSettings, *, any_owner: bool = False) -> DashboardTokens:
    """What is in force from now on. Raises TokensError.

    The file has to belong to root or to our own user, unless ``any_owner``.
    """
    if settings.tokens is None:
        return DashboardTokens()
    return DashboardTokens(_parse(_read(settings.tokens, any_owner=any_owner), settings.tokens))


def _read(path: Path, *, any_owner: bool) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if (problem := lets_others_in(status.st_mode)) is not None:
                raise TokensError(f"dashboard.tokens: {path}: {problem}")
            if not any_owner and status.st_uid not in (0, os.geteuid()):
                raise TokensError(f"dashboard.tokens: {path}: has to belong to root or to householdd's own user")
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TokensError(f"dashboard.tokens: {path}: {error.strerror}") from None
    if len(text) > MAX_FILE_BYTES:
        raise TokensError(f"dashboard.tokens: {path}: has more than {MAX_FILE_BYTES} bytes")
    return text.decode(errors="replace")


def _parse(text: str, path: Path) -> list[Login]:
    logins: dict[str, Login] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            login = _login(words, logins)
        except ValueError as error:
            raise TokensError(f"dashboard.tokens: {path}, line {number}: {error}") from None
        logins[login.name] = login
    if not logins:
        raise TokensError(f"dashboard.tokens: {path}: names nobody; write lines such as: alice operator TOKEN")
    return list(logins.values())


def _login(words: list[str], others: Mapping[str, Login]) -> Login:
    if len(words) != 3:
        raise ValueError("write NAME ROLE TOKEN")
    name, role, token = words
    if not _NAME.fullmatch(name):
        raise ValueError("a name has up to 64 letters, digits, dots, dashes, underscores and @")
    if role not in _ROLES:
        raise ValueError(f"no role {role[:20]!r}; roles are {', '.join(_ROLES)}")
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"a token has {MIN_TOKEN} to {MAX_TOKEN} printable ASCII characters, this one {len(token)}")
    login = Login(name, _ROLES[role], hashlib.sha256(token.encode()).digest())
    if name in others:
        raise ValueError(f"{name} is there twice")
    if any(login.digest == other.digest for other in others.values()):
        raise ValueError(f"{name} has somebody else's token")
    return login
