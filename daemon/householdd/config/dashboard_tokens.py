"""Logins of the dashboard."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from householdd.api.roles import Role
from householdd.config.secret_files import mode_problem

MAX_FILE_BYTES = 64 * 1024

MIN_TOKEN, MAX_TOKEN = 32, 256
"""Characters; 32 hexadecimal digits, as from `openssl rand -hex 16`, have 128 bits."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_TOKEN = re.compile(rf"[!-~]{{{MIN_TOKEN},{MAX_TOKEN}}}")
_ROLES = {role.word: role for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN)}


class TokensError(ValueError):
    """The message says where and why, and shows no token."""


@dataclass(frozen=True)
class Login:
    """Person who may log in."""

    name: str
    role: Role
    digest: bytes
    """SHA-256."""

    @property
    def identity(self) -> str:
        """Name with the role; no certificate has one of this kind."""
        return f"dashboard:{self.name}"


ANYBODY = Login("anybody", Role.VIEWER, b"")
"""Everyone while no tokens are configured."""


class DashboardTokens:
    """All logins; without a file only ``ANYBODY``."""

    def __init__(self, logins: Iterable[Login] | None = None) -> None:
        self.needed = logins is not None
        self._logins = (ANYBODY,) if logins is None else tuple(logins)

    @property
    def roles(self) -> Mapping[str, Role]:
        """Role of each login, by identity."""
        return {login.identity: login.role for login in self._logins}

    def holds(self, login: Login) -> bool:
        """Whether ``login`` is still valid."""
        return login in self._logins

    def login(self, token: str) -> Login | None:
        """Find a login, in constant time."""
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        found = None
        for login in self._logins:
            if hmac.compare_digest(login.digest, digest):
                found = login
        return found if self.needed else ANYBODY


def read_tokens(path: Path | None, *, any_owner: bool = False) -> DashboardTokens:
    """Read logins; the file must belong to root or this user, unless ``any_owner``. Raise TokensError."""
    return DashboardTokens(None if path is None else _parse(_read(path, any_owner=any_owner), path))


def _read(path: Path, *, any_owner: bool) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if (problem := mode_problem(status.st_mode)) is not None:
                raise TokensError(f"dashboard.tokens: {path}: {problem}")
            if not any_owner and status.st_uid not in (0, os.geteuid()):
                raise TokensError(f"dashboard.tokens: {path}: must belong to root or to householdd's own user")
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
        raise TokensError(f"dashboard.tokens: {path}: has no logins; write lines such as: alice operator TOKEN")
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
        raise ValueError(f"{name} has two lines")
    for other in others.values():
        if login.digest == other.digest:
            raise ValueError(f"{name} has the token of {other.name}")
    return login
