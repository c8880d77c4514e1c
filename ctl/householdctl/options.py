"""The options that every command takes, before or after its name."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer

from householdctl.exits import CommandError, ExitCode
from householdctl.target import Target, default_target, named_target
from householdctl.units import parse_duration

if TYPE_CHECKING:
    from householdctl.client import Client

TARGET_VARIABLE = "HOUSEHOLDCTL_TARGET"
DEFAULT_TIMEOUT_S = 5.0

P = ParamSpec("P")


class Format(StrEnum):
    """How a command prints its data."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def duration_argument(text: str) -> float:
    """Seconds of an option that is a duration."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def positive_duration_argument(text: str) -> float:
    """Seconds of an option that is a duration of more than 0."""
    seconds = duration_argument(text)
    if seconds == 0:
        raise typer.BadParameter("has to be longer than 0")
    return seconds


TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="SOCKET",
        help=f"Control socket of the daemon: a path or unix:/path. [env: {TARGET_VARIABLE}; default: the system's "
        "socket, else the user's, else that of 'make run' in this directory]",
    ),
]
OutputOption = Annotated[
    Format | None,
    typer.Option(
        "--output",
        "-o",
        help="table or, with more columns, wide for people; json (one document), jsonl (lines) or csv for scripts. "
        "[default: table]",
    ),
]
NoHeadersOption = Annotated[bool | None, typer.Option("--no-headers", help="No header line in tables and CSV.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        parser=positive_duration_argument,
        metavar="SECONDS",
        help=f"Deadline of each call to the daemon. [default: {DEFAULT_TIMEOUT_S:g}]",
    ),
]

COMMON = {"target": TargetOption, "output": OutputOption, "timeout": TimeoutOption, "no_headers": NoHeadersOption}


@dataclass(frozen=True)
class Options:
    """What the options in common say, defaults filled in. ``timeout`` is in seconds."""

    target: Target
    output: Format
    timeout: float
    # Somebody chose the target, so that another one will not do.
    target_named: bool
    # Whether tables and CSV begin with the names of their columns.
    headers: bool = True

    @property
    def for_people(self) -> bool:
        """Whether the output is read by people, not by a program."""
        return self.output in {Format.TABLE, Format.WIDE}

    def connect(self) -> "Client":
        """A client for the target; nothing is sent yet."""
        # gRPC and the stubs take longer to import than everything else; --help and wrong usage do without.
        from householdctl.client import Client

        return Client(self.target, self.timeout)


def remember(
    context: typer.Context,
    target: TargetOption = None,
    output: OutputOption = None,
    timeout: TimeoutOption = None,
    no_headers: NoHeadersOption = None,
) -> None:
    """Keeps what stood before the command's name."""
    context.obj = {"target": target, "output": output, "timeout": timeout, "no_headers": no_headers}


def resolve(context: typer.Context, given: dict[str, Any]) -> Options:
    """The options in force: what stands after the command's name, before it, in the environment, by default."""
    before = context.find_root().obj or {}
    chosen = {name: before.get(name) if value is None else value for name, value in given.items()}
    named = chosen["target"] or os.environ.get(TARGET_VARIABLE)
    try:
        target = named_target(named) if named else default_target(os.environ)
    except ValueError as error:
        source = "--target" if chosen["target"] else TARGET_VARIABLE
        raise CommandError(ExitCode.USAGE, f"{source}: {error}") from None
    return Options(
        target=target,
        output=chosen["output"] or Format.TABLE,
        timeout=chosen["timeout"] or DEFAULT_TIMEOUT_S,
        target_named=bool(named),
        headers=not chosen["no_headers"],
    )


def with_options(command: Callable[Concatenate[Options, P], None]) -> Callable[..., None]:
    """Gives a command the options in common; it receives them as its first argument, and typer never sees that one."""

    @wraps(command)
    def run(context: typer.Context, **arguments: Any) -> None:  # noqa: ANN401 - whatever the command takes
        given = {name: arguments.pop(name) for name in COMMON}
        command(resolve(context, given), **arguments)  # type: ignore[call-arg]

    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(parameter.replace(kind=kind) for parameter in own),
        *(inspect.Parameter(name, kind, default=None, annotation=option) for name, option in COMMON.items()),
    ]
    # typer reads the signature and the annotations, and would follow __wrapped__ to the bare command.
    del run.__wrapped__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def example(*lines: str) -> str:
    """The epilog of a command's help: lines to copy."""
    return "\b\n" + "\n".join((f"Example{'s' * (len(lines) > 1)}:", *(f"  {line}" for line in lines)))
