"""The common options that are in force for one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from householdctl.control.options import Options
from householdctl.control.target import TlsFiles
from householdctl.control.target_selection import TargetChoice
from householdctl.output.formats import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

    import typer

DEFAULT_TIMEOUT_S = 5.0


def resolve(ctx: typer.Context, given: Mapping[str, Any]) -> Options:
    """Return the options after the command's name (``given``), else those before it, else the defaults."""
    before = ctx.find_root().params

    def chosen(name: str) -> Any:
        return given.get(name) or before.get(name)

    # Daemons named after the command replace those named before it, by either option.
    naming = given if given.get("target") or given.get("context") else before
    return Options(
        choice=TargetChoice(
            tuple(naming.get("target") or ()),
            tuple(naming.get("context") or ()),
            TlsFiles(before.get("ca"), before.get("cert"), before.get("key")),
        ),
        output=chosen("output") or Format.TABLE,
        timeout=chosen("timeout") or DEFAULT_TIMEOUT_S,
        given_timeout=chosen("timeout"),
        headers=not chosen("no_headers"),
        command=ctx.command_path,
    )
