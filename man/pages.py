"""The pages: a page for each command of householdctl, one for the daemon, one for its configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from householdctl.app import app as householdctl
from householdctl.cli.command_tree import common_options, records
from householdctl.exit_codes import ExitCode
from householdd.__main__ import app as householdd
from man.roff import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE_CONFIGURATION = Path(__file__).parent.parent / "systemd" / "householdd.toml"

# typer carries click with it and keeps its types to itself.
Command = Any
Context = Any

ENVIRONMENT = {
    "HOUSEHOLDCTL_TARGET": "Which daemon, as --target says it.",
    "HOUSEHOLDCTL_CONTEXT": "Which daemon, as --context says it. The two exclude each other.",
    "HOUSEHOLDCTL_CA, HOUSEHOLDCTL_CERT, HOUSEHOLDCTL_KEY": "PEM files for a daemon at HOST:PORT.",
    "HOUSEHOLDCTL_DEBUG": "When set, a defect of householdctl is shown with its traceback.",
    "NO_COLOR": "When set, output on a terminal has no colours.",
    "XDG_CONFIG_HOME": "Holds householdctl/contexts.toml; by default ~/.config.",
}


def pages() -> dict[str, str]:
    """The source of every page by its file name."""
    made = [*_ctl_pages(), *_daemon_pages(), _configuration_page()]
    return {page.file_name: str(page) for page in made}


def _ctl_pages() -> Iterator[Page]:
    root = typer.main.get_command(householdctl)
    yield from _command_pages(root, _context(root, "householdctl", None), [])


def _command_pages(command: Command, context: Context, above: list[tuple[str, int]]) -> Iterator[Page]:
    title = context.command_path.replace(" ", "-")
    page = Page(title, 1, _summary(command))
    _synopsis(page, command, context)
    page.section("DESCRIPTION")
    for paragraph in (command.help or "").split("\n\n"):
        page.paragraph(paragraph)
    children: dict[str, Command] = getattr(command, "commands", {})
    if children:
        page.section("COMMANDS")
        for name, child in children.items():
            page.term(name, child.get_short_help_str(limit=1000))
    _options(page, command, context)
    if not above:
        page.section("EXIT STATUS")
        for code in ExitCode:
            page.term(str(code.value), code.meaning)
        page.section("ENVIRONMENT")
        for name, meaning in ENVIRONMENT.items():
            page.term(name, meaning)
    _epilog(page, command)
    below = [(f"{title}-{name}", 1) for name in children]
    page.references([*above, *below, *([] if above else [("householdd", 8)])])
    yield page
    for name, child in children.items():
        yield from _command_pages(child, _context(child, name, context), [*above, (title, 1)])


def _daemon_pages() -> Iterator[Page]:
    command: Command = typer.main.get_command(householdd)
    context = _context(command, "householdd", None)
    yield _daemon_page(command, context)
    for name, child in command.commands.items():
        page = Page(f"householdd-{name}", 8, _summary(child))
        below = _context(child, name, context)
        _synopsis(page, child, below)
        page.section("DESCRIPTION")
        for paragraph in (child.help or "").split("\n\n"):
            page.paragraph(paragraph)
        _options(page, child, below)
        page.references([("householdd", 8), ("householdd.toml", 5)])
        yield page


def _daemon_page(command: Command, context: Context) -> Page:
    page = Page("householdd", 8, "daemon that plays a household over a customer's line")
    _synopsis(page, command, context)
    page.section("DESCRIPTION")
    for paragraph in (command.help or "").split("\n\n"):
        page.paragraph(paragraph)
    _options(page, command, context)
    _epilog(page, command)
    page.section("FILES")
    page.term("/etc/householdd/householdd.toml", "The configuration that the systemd unit names.")
    page.term("/run/householdd/control.sock", "The control socket.")
    page.term("/run/householdd/emergency-stop", "While it is there, nothing is served.")
    commands = [(f"householdd-{name}", 8) for name in command.commands]
    page.references([*commands, ("householdctl", 1), ("householdd.toml", 5)])
    return page


def _configuration_page() -> Page:
    page = Page("householdd.toml", 5, "configuration of householdd")
    page.section("DESCRIPTION")
    page.paragraph("The file as it is shipped: every key with its default, and what it means.")
    page.literal(EXAMPLE_CONFIGURATION.read_text().splitlines())
    page.references([("householdd", 8)])
    return page


def _context(command: Command, name: str, parent: Context) -> Context:
    return command.context_class(command, info_name=name, parent=parent, **command.context_settings)


def _summary(command: Command) -> str:
    text: str = command.get_short_help_str(limit=1000).rstrip(".")
    return text[:1].lower() + text[1:]


def _synopsis(page: Page, command: Command, context: Context) -> None:
    page.section("SYNOPSIS")
    page.command(context.command_path, " ".join(command.collect_usage_pieces(context)))


def _options(page: Page, command: Command, context: Context) -> None:
    explained = [row for kind in ("argument", "option") for row in records(command, context, kind)]
    if explained:
        page.section("OPTIONS")
        for names, meaning in explained:
            page.term(names, meaning)
    if context.parent and (common := common_options(command)):
        page.paragraph(f"Also {common}: see householdctl(1).")


def _epilog(page: Page, command: Command) -> None:
    for block in (command.epilog or "").split("\n\n"):
        if not block.startswith("\b"):
            if block:
                page.section("NOTES")
                page.paragraph(block)
            continue
        heading, *lines = block.removeprefix("\b\n").splitlines()
        if heading.startswith("Example"):
            page.section("EXAMPLES")
            page.literal([line.removeprefix("  ") for line in lines])
