"""context: names for daemons."""

import os
from pathlib import Path
from typing import Annotated

import typer

from householdctl.cli.command_tree import App
from householdctl.cli.completion import context_names
from householdctl.cli.options import example, with_output_options
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode

app = App(
    help="Name daemons, and select the current one.",
    epilog=example("householdctl context list", "householdctl context use fra1"),
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", autocompletion=context_names)]


@app.command(
    "add",
    epilog=example(
        "householdctl context add lab /run/householdd/control.sock --use",
        "householdctl context add fra1 fra1.example.net:8446 --ca ca.pem --cert me.pem --key me.key",
    ),
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, dot, hyphen, underscore.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Path of a control socket, or HOST:PORT.")],
    ca: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="Certificate authority of HOST:PORT, in PEM format.")
    ] = None,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="Client certificate for it.")] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Private key of the client certificate.")
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Make it the current context.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a context of this name.")] = False,
) -> None:
    """Add a context.

    Stores the paths of files, not their contents.
    """
    from householdctl.control.contexts import NAME, Context, load, location, save

    if not NAME.fullmatch(name):
        raise CommandError(
            ExitCode.USAGE,
            f"{name!r} is not a valid name",
            "allowed: up to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit",
        )
    path = location(os.environ)
    known = load(path)
    if name in known.contexts and not replace:
        raise CommandError(ExitCode.CONFLICT, f"context {name} exists", "to replace it: --replace")
    files = (str(file.absolute()) if file else "" for file in (ca, cert, key))
    context = Context(target, *files)
    try:
        resolved = context.resolve(name)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from None
    if resolved.path is not None:
        # Contexts are used from any directory.
        context = Context(str(resolved.path.absolute()))
    known.contexts[name] = context
    known.current = name if use else known.current
    save(path, known)


@app.command("list", epilog=example("householdctl context list"))
@with_output_options
def list_contexts(options: Options) -> None:
    """List the contexts; the current one is marked."""
    from householdctl.control.contexts import load, location
    from householdctl.output import printer
    from householdctl.output.tables import Table
    from householdctl.views.contexts import COLUMNS, document

    known = load(location(os.environ))
    lines = [document(known, name) for name in sorted(known.contexts)]
    printer.show(options, {"current": known.current, "contexts": lines}, Table(COLUMNS, lines), lines=lines)


@app.command("show", epilog=example("householdctl context show", "householdctl context show fra1"))
@with_output_options
def show(
    options: Options,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", autocompletion=context_names, help="[default: the current context]"),
    ] = None,
) -> None:
    """Show a context."""
    from householdctl.control.contexts import load, location
    from householdctl.output import printer
    from householdctl.output.tables import Facts
    from householdctl.views.contexts import document

    known = load(location(os.environ))
    if not (name or known.current):
        raise CommandError(ExitCode.NOT_FOUND, "no context is current", "select one: householdctl context use NAME")
    shown = document(known, known.named(name or known.current))
    facts = [
        (key, ("yes" if value else "no") if isinstance(value, bool) else value or "-") for key, value in shown.items()
    ]
    printer.show(options, shown, Facts(facts))


@app.command("use", epilog=example("householdctl context use fra1", "householdctl context use --none"))
def use_context(
    name: Annotated[str | None, typer.Argument(metavar="NAME", autocompletion=context_names)] = None,
    nothing: Annotated[
        bool, typer.Option("--none", help="Use no context, but a control socket of this machine.")
    ] = False,
) -> None:
    """Make a context the current one."""
    if (name is None) is not nothing:
        raise CommandError(ExitCode.USAGE, "give either NAME or --none")
    from householdctl.control.contexts import load, location, save

    path = location(os.environ)
    known = load(path)
    known.current = known.named(name) if name else ""
    save(path, known)


@app.command("remove", epilog=example("householdctl context remove lab"))
def remove(name: NameArgument) -> None:
    """Remove a context; its daemon is not affected."""
    from householdctl.control.contexts import load, location, save

    path = location(os.environ)
    known = load(path)
    del known.contexts[known.named(name)]
    if known.current == name:
        known.current = ""
    save(path, known)
