"""Asking one daemon or several at once, and answering for all of them together."""

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
    """What each daemon answered, in the order in which they were named, and who did not."""

    several: bool
    answers: list[tuple[Target, T]] = field(default_factory=list)
    failures: list[tuple[Target, CommandError]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Each daemon's name and answer."""
        return ((target.name, answer) for target, answer in self.answers)

    @property
    def only(self) -> T:
        """The answer where one daemon was asked."""
        return self.answers[0][1]

    def tag(self, target: str, message: Item) -> Item | Tagged:
        """The message with its daemon's name, where there are several."""
        return Tagged(target, message) if self.several else message

    def at(self, target: str) -> str:
        """`` at NAME`` where there are several daemons, for the end of a phrase."""
        return f" at {target}" if self.several else ""

    def columns(self, columns: Sequence[Column[Item]]) -> Sequence[Column[Any]]:
        """The columns for what :meth:`tag` returns."""
        return with_target(columns) if self.several else columns

    def items(self, name: str) -> list[Any]:
        """The items of a list that each answer has, each with its daemon's name where there are several."""
        return [self.tag(target, item) for target, answer in self for item in getattr(answer, name)]

    def document(self, *names: str) -> Any:
        """The answer for scripts; of several daemons the lists ``names`` of all, and who did not answer."""
        if not self.several:
            return self.only
        return {**{name: self.items(name) for name in names}, "unreachable_targets": self.unreachable}

    @property
    def unreachable(self) -> list[dict[str, str]]:
        """Who did not answer, for scripts."""
        return [{"target": target.name, "reason": error.message} for target, error in self.failures]

    def warn(self) -> None:
        """Names on stderr who did not answer."""
        for target, error in self.failures:
            warn(f"{target.name}: {error.message}")

    def warn_of_workers(self) -> None:
        """Names on stderr the workers that missed a change."""
        for target, answer in self:
            for worker in getattr(answer, "unreachable_workers", ()):
                warn(
                    f"worker {worker.worker}{self.at(target)} did not answer and is told when it does: {worker.reason}"
                )

    def finish(self) -> None:
        """Ends the command as a partial failure when somebody did not answer."""
        if self.failures:
            raise typer.Exit(ExitCode.PARTIAL)


def ask(options: Options, call: Callable[[Client], T]) -> TargetAnswers[T]:
    """What ``call`` gets of each daemon, all asked at once.

    Raises CommandError when one daemon was asked and failed, or all of several did.
    """
    with ExitStack() as stack:
        return gather([stack.enter_context(options.connect(target)) for target in options.targets], call)


def gather(clients: Sequence[Client], call: Callable[[Client], T]) -> TargetAnswers[T]:
    """As :func:`ask`, over connections that are open already; they are closed when something else than that fails."""
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
            # Ends the calls, which the pool would wait for: Ctrl-C is not to wait.
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
    """The daemons for a question: ``a, b and c``; empty where it is only one."""
    *first, last = [target.name for target in options.targets]
    return f"{', '.join(first)} and {last}" if first else ""


def count_sessions(options: Options, query: str = "") -> int:
    """How many live sessions match, at all daemons that answer; who does not is named on stderr."""
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
    return CommandError(code, f"none of the {len(failures)} daemons did it", *reasons)
