"""The options that all commands have in common, as values."""

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
    """Common options with their defaults filled in."""

    choice: TargetChoice
    timeout: float
    """Deadline of one call, in seconds."""
    given_timeout: float | None = None
    """Deadline as typed, in seconds; None for the default."""
    command: str = "this command"
    """Name of the command as typed: ``householdctl history list``."""

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Daemons to talk to. Raises CommandError for an invalid one."""
        return self.choice.targets(os.environ)

    @property
    def target(self) -> Target:
        """The one daemon to talk to. Raises CommandError when the command line names several."""
        if len(self.targets) > 1:
            names = ", ".join(target.name for target in self.targets)
            raise CommandError(
                ExitCode.USAGE, f"{self.command} talks to one daemon, not to {len(self.targets)}: {names}"
            )
        return self.targets[0]

    @property
    def target_named(self) -> bool:
        """Whether the operator named the daemon, so that no other one may be used."""
        return self.choice.named(os.environ)

    def connect(self, target: Target | None = None) -> Client:
        """Return a client of ``target``, by default of the only one. Sends nothing yet."""
        # gRPC and the stubs take longer to import than everything else; --help and wrong usage do without.
        from householdctl.control.client import Client

        return Client(target or self.target, self.timeout)
