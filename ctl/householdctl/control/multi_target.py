"""Asks daemons in parallel, and merges their answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import typer

from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.serialize import Tagged
from householdctl.output.tables import Column, with_target
from householdctl.output.terminal import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from householdctl.control.client import Client
    from householdctl.control.options import Options
    from householdctl.control.target import Target

T = TypeVar("T")
Item = TypeVar("Item")

_MAX_PARALLEL = 32


@dataclass
class TargetAnswers(Generic[T]):
    """Answers and failures, in the order of the daemons."""

    several: bool
    answers: list[tuple[Target, T]] = field(default_factory=list)
    failures: list[tuple[Target, CommandError]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return ((target.name, answer) for target, answer in self.answers)

    @property
    def only(self) -> T:
        return self.answers[0][1]

    def tag(self, target: str, message: Item) -> Item | Tagged:
        """Add the daemon's name if there are several."""
        return Tagged(target, message) if self.several else message

    def at(self, target: str) -> str:
        """Return `` at NAME`` if there are several daemons."""
        return f" at {target}" if self.several else ""

    def columns(self, columns: Sequence[Column[Item]]) -> Sequence[Column[Any]]:
        """Return the columns for :meth:`tag`."""
        return with_target(columns) if self.several else columns

    def items(self, name: str) -> list[Any]:
        return [self.tag(target, item) for target, answer in self for item in getattr(answer, name)]

    def document(self, *names: str) -> Any:
        """Return the answer for scripts; for several daemons the list fields ``names`` and the failures."""
        if not self.several:
            return self.only
        return {**{name: self.items(name) for name in names}, "unreachable_targets": self.unreachable}

    @property
    def unreachable(self) -> list[dict[str, str]]:
        return [{"target": target.name, "reason": error.message} for target, error in self.failures]

    def warn(self) -> None:
        for target, error in self.failures:
            warn(f"{target.name}: {error.message}")

    def warn_of_workers(self) -> None:
        """Warn of workers that missed a change."""
        for target, answer in self:
            for worker in getattr(answer, "unreachable_workers", ()):
                warn(
                    f"worker {worker.worker}{self.at(target)} did not answer and gets the change later: {worker.reason}"
                )

    def finish(self) -> None:
        """End the command as a partial failure if a daemon failed."""
        if self.failures:
            raise typer.Exit(ExitCode.PARTIAL)


def ask(options: Options, call: Callable[[Client], T]) -> TargetAnswers[T]:
    """Call all daemons in parallel. Raise CommandError if all failed."""
    with ExitStack() as stack:
        return gather([stack.enter_context(options.connect(target)) for target in options.targets], call)


def gather(clients: Sequence[Client], call: Callable[[Client], T]) -> TargetAnswers[T]:
    """Call open connections; close them on any other exception."""
    answers: TargetAnswers[T] = TargetAnswers(several=len(clients) > 1)
    if not answers.several:
        answers.answers.append((clients[0].target, call(clients[0])))
        return answers

    def attempt(client: Client) -> T | CommandError:
        try:
            return call(client)
        except CommandError as error:
            return error

    with ThreadPoolExecutor(_MAX_PARALLEL) as pool:
        try:
            outcomes = list(pool.map(attempt, clients))
        except BaseException:
            # The pool would wait for the calls after Ctrl-C.
            for client in clients:
                client.close()
            raise
    for client, outcome in zip(clients, outcomes, strict=True):
        if isinstance(outcome, CommandError):
            answers.failures.append((client.target, outcome))
        else:
            answers.answers.append((client.target, outcome))
    if not answers.answers:
        raise _all_failed(answers.failures)
    return answers


def names(options: Options) -> str:
    """Return ``a, b and c``; empty for one daemon."""
    *first, last = [target.name for target in options.targets]
    return f"{', '.join(first)} and {last}" if first else ""


def count_sessions(options: Options, query: str = "") -> int:
    """Count live sessions on all daemons that answer; warn of others."""
    counts = ask(options, lambda client: client.count_sessions(query))
    counts.warn()
    return sum(count for _, count in counts)


def _all_failed(failures: Sequence[tuple[Target, CommandError]]) -> CommandError:
    first = failures[0][1]
    if all(str(error) == str(first) for _, error in failures):
        return first
    codes = {error.code for _, error in failures}
    if len(codes) == 1:
        code = codes.pop()
    else:
        code = ExitCode.UNREACHABLE if ExitCode.UNREACHABLE in codes else ExitCode.FAILURE
    reasons = [f"{target.name}: {error.message}" for target, error in failures]
    return CommandError(code, f"failed on all {len(failures)} daemons", *reasons)
