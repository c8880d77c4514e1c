"""Options that commands take before or after their name."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from householdctl.cli.completion import context_names
from householdctl.cli.resolution import DEFAULT_TIMEOUT_S, resolve
from householdctl.control.options import Options
from householdctl.control.target_selection import CONTEXT_VARIABLE, TARGET_VARIABLE
from householdctl.output.formats import Format
from householdctl.values.units import parse_duration

P = ParamSpec("P")


def _pem(name: str, help_text: str) -> Any:
    return typer.Option(f"--{name.lower()}", metavar="FILE", envvar=f"HOUSEHOLDCTL_{name}", help=help_text)


def duration_argument(text: str) -> float:
    """Return the seconds of a duration."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def positive_duration_argument(text: str) -> float:
    """Return the seconds of a duration that is longer than 0."""
    seconds = duration_argument(text)
    if seconds == 0:
        raise typer.BadParameter("must be longer than 0")
    return seconds


NoteOption = Annotated[
    str, typer.Option("--reason", "-r", metavar="TEXT", help="Reason for the audit log; up to 200 characters.")
]
EtagOption = Annotated[
    str, typer.Option("--etag", metavar="ETAG", help="Change settings only if config show -o json still has this etag.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check the command, change nothing.")]
RequestIdOption = Annotated[
    str, typer.Option("--request-id", metavar="UUID", help="Id of the command: the daemon carries it out only once.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
SpreadOption = Annotated[
    float | None,
    typer.Option(
        "--spread",
        parser=duration_argument,
        metavar="DURATION",
        help="Close evenly over this time, so that clients do not reconnect all at once.",
    ),
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="TARGET",
        help="Daemon: path of a control socket, or HOST:PORT with --ca, --cert and --key before the command. "
        f"Repeat for several daemons; their answers are merged. [env: {TARGET_VARIABLE}; default: the "
        "current context, else the first socket of the system, the user, and 'make run' in this directory]",
    ),
]
ContextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="NAME",
        autocompletion=context_names,
        help=f"Daemon: its name in context list; a pattern such as 'edge-*' selects several. [env: {CONTEXT_VARIABLE}]",
    ),
]
OutputOption = Annotated[
    Format | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT",
        help="For people table, or wide with more columns; for scripts json (one document), jsonl (lines) or csv. "
        "[default: table]",
    ),
]
NoHeadersOption = Annotated[bool | None, typer.Option("--no-headers", help="Omit the header line of tables and CSV.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        parser=positive_duration_argument,
        metavar="SECONDS",
        help=f"Deadline of each call to the daemon. [default: {DEFAULT_TIMEOUT_S:g}]",
    ),
]

COMMON = {
    "target": TargetOption,
    "context": ContextOption,
    "output": OutputOption,
    "timeout": TimeoutOption,
    "no_headers": NoHeadersOption,
}
OUTPUT = {name: COMMON[name] for name in ("output", "no_headers")}


def _print_version(asked: bool | None) -> None:
    if asked:
        from importlib.metadata import version

        print(f"householdctl {version('householdd')}")
        raise typer.Exit


def root(
    ctx: typer.Context,
    target: TargetOption = None,
    context: ContextOption = None,
    output: OutputOption = None,
    timeout: TimeoutOption = None,
    no_headers: NoHeadersOption = None,
    ca: Annotated[Path | None, _pem("CA", "Certificate authority of the daemon at HOST:PORT, in PEM format.")] = None,
    cert: Annotated[Path | None, _pem("CERT", "Client certificate for it.")] = None,
    key: Annotated[Path | None, _pem("KEY", "Private key of the client certificate.")] = None,
    version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = None,
) -> None:
    """Take the common options before the command's name; :func:`resolve` reads them from the context."""
    del ctx, target, context, output, timeout, no_headers, ca, cert, key, version


def with_options(command: Callable[Concatenate[Options, P], None]) -> Callable[..., None]:
    """Give a command the common options, as its first argument."""
    return _with(command, COMMON)


def with_output_options(command: Callable[Concatenate[Options, P], None]) -> Callable[..., None]:
    """Give a command that asks no daemon the common options for output, as its first argument."""
    return _with(command, OUTPUT)


def _with(command: Callable[Concatenate[Options, P], None], offered: Mapping[str, Any]) -> Callable[..., None]:
    @wraps(command)
    def run(ctx: typer.Context, **arguments: Any) -> None:
        given = {name: arguments.pop(name) for name in offered}
        command(resolve(ctx, given), **arguments)  # type: ignore[call-arg]

    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(parameter.replace(kind=kind) for parameter in own),
        *(inspect.Parameter(name, kind, default=None, annotation=option) for name, option in offered.items()),
    ]
    # typer reads the signature and the annotations, and would follow __wrapped__ to the bare command.
    del run.__wrapped__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def example(*lines: str) -> str:
    """Return the end of a command's help: lines to copy."""
    return "\b\n" + "\n".join((f"Example{'s' * (len(lines) > 1)}:", *(f"  {line}" for line in lines)))
