"""Help of commands, and proposals for unknown ones."""

from __future__ import annotations

from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from householdctl.cli.options import COMMON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# typer keeps its types to itself.
Context = Any
Command = Any
Formatter = Any

_MAX_PROPOSALS = 3
_SYNONYMS = {
    "info": ("health",),
    "log": ("sessions watch",),
    "logs": ("sessions watch",),
    "ls": ("sessions list",),
    "ping": ("health",),
    "ps": ("sessions list",),
    "stop": ("drain", "shutdown"),
}
"""Commands by the name that other tools use."""

_WORDS = {
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
}
"""Texts by pydantic's type of error; typer checks values with it."""


@contextmanager
def _own_words() -> Iterator[None]:
    """Replace pydantic's text about a refused value."""
    try:
        yield
    except typer.BadParameter as refused:
        details: list[Any] = getattr(refused.__cause__, "errors", list)()
        if details:
            refused.message = _words(details[0])
        raise


def _words(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in _WORDS:
        return f"{_WORDS[kind].format_map(context)}, not {str(error['input'])!r}"
    return str(error["msg"]).replace("Input should be", "must be")


class _Described(TyperCommand):
    """A command whose help names the common options in one line."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse the command line. Raises UsageError."""
        with _own_words():
            return super().parse_args(ctx, args)

    def format_options(self, ctx: Context, formatter: Formatter) -> None:
        """Write the arguments and options."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            if rows := records(self, ctx, kind):
                with formatter.section(title):
                    formatter.write_dl(rows)
        if common := common_options(self):
            formatter.write_paragraph()
            formatter.write_text(f"Also {common}: see householdctl --help")


def records(command: Command, ctx: Context, kind: str) -> list[tuple[str, str]]:
    """Return the names and help of a command's own parameters of a kind, ``argument`` or ``option``."""
    rows = []
    for parameter in command.get_params(ctx):
        own = parameter.param_type_name == kind and not (ctx.parent and parameter.name in COMMON)
        record = parameter.get_help_record(ctx) if own else None
        if record is not None:
            # The library adds the name of a Python type to an argument.
            name = parameter.metavar if kind == "argument" else record[0]
            rows.append((name, record[1]))
    return rows


def common_options(command: Command) -> str:
    """Return the names of the common options that a command takes: ``--target, -o``."""
    return ", ".join(min(each.opts, key=len) for each in command.params if each.name in COMMON)


class CommandGroup(TyperGroup):
    """A group that proposes commands of the whole tree for an unknown one."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse the options before the command. Raises UsageError."""
        with _own_words():
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Context, args: list[str]) -> Any:
        """Return the command that ``args`` begin with. Raises UsageError with proposals."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            found = self._proposals(ctx, name)
            hint = f" Did you mean {', '.join(map(repr, found))}?" if found else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def _proposals(self, ctx: Context, name: str) -> list[str]:
        """Return likely commands: the same name elsewhere, else similar names here, else similar names elsewhere."""
        leaves = dict(_leaves(ctx.find_root().command))
        same = [path for path, leaf in leaves.items() if leaf == name] or [*_SYNONYMS.get(name, ())]
        here = get_close_matches(name, [each for each, command in self.commands.items() if not command.hidden])
        like = get_close_matches(name, leaves.values())
        return (same or here or [path for path, leaf in leaves.items() if leaf in like])[:_MAX_PROPOSALS]


class App(typer.Typer):
    """A group of commands with plain help."""

    def __init__(self, **settings: Any) -> None:
        """Make the group. Help is plain, since rich takes longer to import than everything else together."""
        settings.setdefault("cls", CommandGroup)
        super().__init__(rich_markup_mode=None, no_args_is_help=True, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        """Add a command, as typer does."""
        return super().command(name, cls=_Described, **settings)


def _leaves(command: Command, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and name of each visible command."""
    for name, child in getattr(command, "commands", {}).items():
        if child.hidden:
            continue
        if hasattr(child, "commands"):
            yield from _leaves(child, f"{path}{name} ")
        else:
            yield f"{path}{name}", name
