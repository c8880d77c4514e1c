"""Options of all commands."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.formats import OutputOptions

if TYPE_CHECKING:
    from householdctl.control.client import Client
    from householdctl.control.target import Target
    from householdctl.control.target_selection import TargetChoice


@dataclass(frozen=True, kw_only=True)
class Options(OutputOptions):
    """Options with defaults filled in."""

    choice: TargetChoice
    timeout: float
    """In seconds."""
    given_timeout: float | None = None
    """As typed, in seconds."""
    command: str = "this command"
    """As typed: ``householdctl history list``."""

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Raise CommandError for an invalid daemon."""
        return self.choice.targets(os.environ)

    @property
    def target(self) -> Target:
        """Raise CommandError for several daemons."""
        if len(self.targets) > 1:
            names = ", ".join(target.name for target in self.targets)
            raise CommandError(
                ExitCode.USAGE, f"{self.command} talks to one daemon, not to {len(self.targets)}: {names}"
            )
        return self.targets[0]

    @property
    def target_named(self) -> bool:
        """Whether no other daemon may be used."""
        return self.choice.named(os.environ)

    def connect(self, target: Target | None = None) -> Client:
        """Return a client, which sends nothing yet."""
        # gRPC is slow to import; --help does without.
        from householdctl.control.client import Client

        return Client(target or self.target, self.timeout)
