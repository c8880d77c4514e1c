"""Daemons by options, environment, current context, or the first socket that exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from householdctl.control.target import Target, TlsFiles, default_target, named_target
from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGET_VARIABLE = "HOUSEHOLDCTL_TARGET"
CONTEXT_VARIABLE = "HOUSEHOLDCTL_CONTEXT"


@dataclass(frozen=True)
class TargetChoice:
    """Targets, contexts and PEM files on the command line."""

    target_names: tuple[str, ...] = ()
    context_names: tuple[str, ...] = ()
    tls: TlsFiles = field(default_factory=TlsFiles)

    @property
    def on_command_line(self) -> bool:
        return bool(self.target_names or self.context_names)

    def named(self, environ: Mapping[str, str]) -> bool:
        """Whether the command line or environment names daemons."""
        return self.on_command_line or bool(environ.get(TARGET_VARIABLE) or environ.get(CONTEXT_VARIABLE))

    def targets(self, environ: Mapping[str, str]) -> tuple[Target, ...]:
        """Return each daemon once. Raise CommandError for an unknown name."""
        if self.on_command_line:
            found = self._resolve(environ, self.target_names, self.context_names, "--target")
        elif self.named(environ):
            found = self._from_environment(environ)
        else:
            found = [_by_default(environ)]
        return tuple({target.address: target for target in reversed(found)}.values())[::-1]

    def _from_environment(self, environ: Mapping[str, str]) -> list[Target]:
        target, context = environ.get(TARGET_VARIABLE), environ.get(CONTEXT_VARIABLE)
        if target and context:
            raise CommandError(
                ExitCode.USAGE, f"{TARGET_VARIABLE} and {CONTEXT_VARIABLE} are both set", "unset one of them"
            )
        return self._resolve(environ, [target] if target else [], [context] if context else [], TARGET_VARIABLE)

    def _resolve(
        self, environ: Mapping[str, str], targets: Sequence[str], contexts: Sequence[str], source: str
    ) -> list[Target]:
        try:
            found = [named_target(text, self.tls) for text in targets]
        except ValueError as error:
            raise CommandError(ExitCode.USAGE, f"{source}: {error}") from None
        if contexts:
            from householdctl.control.contexts import load, location

            known = load(location(environ))
            found += [known.target(name) for pattern in contexts for name in known.matching(pattern)]
        return found


def _by_default(environ: Mapping[str, str]) -> Target:
    from householdctl.control.contexts import location

    path = location(environ)
    if path.exists():
        from householdctl.control.contexts import load

        known = load(path)
        if known.current:
            return known.target(known.current)
    return default_target(environ)
