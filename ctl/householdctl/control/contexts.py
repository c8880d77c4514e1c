"""Names of daemons, in ``contexts.toml``."""

from __future__ import annotations

import os
import re
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from householdctl.control.target import Target, TlsFiles, named_target
from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_FILE = Path("householdctl/contexts.toml")


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A socket's path, or HOST:PORT with PEM files for mutual TLS."""

    target: str
    ca: str = ""
    cert: str = ""
    key: str = ""

    def resolve(self, name: str) -> Target:
        """Raise ValueError."""
        files = TlsFiles(*(Path(text) if text else None for text in (self.ca, self.cert, self.key)))
        return named_target(self.target, files, name)


class Contexts(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """``current`` is the default context, or empty."""

    current: str = ""
    contexts: dict[str, Context] = msgspec.field(default_factory=dict)

    def matching(self, pattern: str) -> list[str]:
        """Return the names that match a glob. Raise CommandError if none does."""
        return [name for name in sorted(self.contexts) if fnmatchcase(name, pattern)] or [self.named(pattern)]

    def named(self, name: str) -> str:
        """Raise CommandError for an unknown name."""
        if name in self.contexts:
            return name
        known = ", ".join(sorted(self.contexts)) or "none; add one: householdctl context add NAME TARGET"
        raise CommandError(ExitCode.NOT_FOUND, f"no context {name!r}", f"known: {known}")

    def target(self, name: str) -> Target:
        """Return the daemon of a context. Raise CommandError."""
        try:
            return self.contexts[self.named(name)].resolve(name)
        except ValueError as error:
            raise CommandError(ExitCode.USAGE, f"context {name}: {error}") from None


def location(environ: Mapping[str, str]) -> Path:
    """Return the path below ``XDG_CONFIG_HOME``, by default ``~/.config``."""
    base = environ.get("XDG_CONFIG_HOME", "")
    # The XDG specification ignores relative paths.
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / _FILE


def load(path: Path) -> Contexts:
    """Return no contexts if the file is missing. Raise CommandError if unreadable."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Contexts)
    except FileNotFoundError:
        return Contexts()
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{path}: {error.strerror}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise CommandError(ExitCode.USAGE, f"{path}: {error}") from None


def save(path: Path, contexts: Contexts) -> None:
    """Replace the file atomically, readable by its owner only. Raise CommandError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Has mode 0600.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.toml.encode(contexts))
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink()
            raise
    except OSError as error:
        raise CommandError(ExitCode.FAILURE, f"{path}: {error.strerror}") from None
