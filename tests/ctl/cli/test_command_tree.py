"""What --help says of every command."""

from __future__ import annotations

import re
import shlex
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from household_filters.fields import HISTORY_FIELDS, LIVE_FIELDS, RUN_FIELDS
from householdctl.app import app
from householdctl.cli.completion import filter_of, order_of
from householdctl.cli.selection_options import address_argument
from householdd.api.filters import parse, read
from tests.api.test_filters import Spelt
from tests.ctl.fake_daemon import session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ctl.conftest import Cli


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


ROOT_FOLDER = Path(__file__).parents[3]
COMPLETED = [
    ("prof", ["profile"]),
    ("", ["id", "user_id", "test_id"]),
    ("state = Q", ["state = QUIET"]),
    ("state =", ["state =HANDSHAKE", "state =ACTIVE", "state =QUIET"]),
    ("state = QUIET AND ver", ["state = QUIET AND verdict"]),
    ("NOT (rou", ["NOT (round_trip"]),
    ("nothing_like_it", []),
]
ROOT: Any = typer.main.get_command(app)
COMMANDS = dict(_commands(ROOT))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_teaches_by_example(bare_cli: Cli, path: tuple[str, ...]) -> None:
    outcome = bare_cli(*path, "--help")
    assert outcome.code == 0
    examples = outcome.out.partition("Example")[2].splitlines()[1:]
    assert examples
    for line in examples:
        words = shlex.split(line)
        assert words[0] == "householdctl"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_arguments_have_plain_names(path: tuple[str, ...]) -> None:
    """The library adds the brackets, and the dots where there may be several."""
    names = [each.metavar or each.name for each in COMMANDS[path].params if each.param_type_name == "argument"]
    assert not [name for name in names if set(name) & set("[].")]


def _words(line: str) -> list[str]:
    """The words behind ``householdctl``, up to a pipe or a redirection."""
    words = shlex.split(line)[1:]
    ends = [index for index, word in enumerate(words) if word in ("|", ">")]
    return words[: ends[0]] if ends else words


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_examples_are_right(path: tuple[str, ...]) -> None:
    """Every option of an example is one of the command that it names."""
    for line in (COMMANDS[path].epilog or "").partition("Example")[2].splitlines()[1:]:
        command, words = ROOT, _words(line)
        options = {name for each in ROOT.params for name in each.opts}
        for word in words:
            if word in getattr(command, "commands", {}):
                command = command.commands[word]
                options |= {name for each in command.params for name in each.opts}
            elif word.startswith("-"):
                assert word.partition("=")[0] in options, line
        assert not hasattr(command, "commands"), line


@pytest.mark.parametrize(
    "path", [path for path, command in COMMANDS.items() if hasattr(command, "commands")], ids=" ".join
)
def test_summaries_fit_on_a_line(bare_cli: Cli, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = bare_cli(*path, "--help").out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert len(listed.splitlines()) == sum(not each.hidden for each in COMMANDS[path].commands.values())
    assert "..." not in listed


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_value_is_named_by_what_it_is(bare_cli: Cli, path: tuple[str, ...]) -> None:
    """Not by its type in Python: ``<list[str]>``."""
    assert not re.search("<[a-z]", bare_cli(*path, "--help").out)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_options_of_every_command_are_explained_once(bare_cli: Cli, path: tuple[str, ...]) -> None:
    text = bare_cli(*path, "--help").out
    takes_them = {"target", "timeout"} <= {each.name for each in COMMANDS[path].params}
    assert ("Also --target, --context, -o" in text) == (takes_them and bool(path))
    assert ("Deadline of each call to the daemon" in text) == (not path)


@pytest.mark.parametrize("command", [("explain", "runs"), ("context", "list"), ("context", "show")], ids=" ".join)
@pytest.mark.parametrize("option", ["--target", "--context", "--timeout"])
def test_a_command_that_asks_no_daemon_has_no_option_for_one(
    bare_cli: Cli, command: tuple[str, ...], option: str
) -> None:
    assert f"Also {option}" not in bare_cli(*command, "--help").out
    assert "Also -o, --no-headers: see householdctl --help" in bare_cli(*command, "--help").out
    outcome = bare_cli(*command, option, "1s")
    assert outcome.code == 2
    assert f"No such option: {option}" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("history", "stats", "--by", "x"), "'x' is not one of 'all', 'day'"),
        (("sessions", "list", "--limit", "0"), "must be at least 1, not '0'"),
        (("sessions", "list", "--limit", "many"), "must be a whole number, not 'many'"),
        (("test", "--computer", "x"), "must be a number, not 'x'"),
        (("test", "--computer", "1e9"), "must be at most 1000, not '1e9'"),
        (("health", "-o", "xml"), "'xml' is not one of 'table', 'wide'"),
        (("-o", "xml", "health"), "'xml' is not one of 'table', 'wide'"),
        (("--timeout", "soon", "health"), "'soon' is not a duration"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(bare_cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    outcome = bare_cli(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err
    assert not [each for each in ("Input", "Value error", "pydantic") if each in outcome.err]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("sesions",), "'sessions'"),
        (("sessions", "lst"), "'list'"),
        (("sessions", "list", "--fliter", "x"), "--filter"),
        (("kill",), "'sessions kill'"),
        (("kil",), "'sessions kill'"),
        (("ps",), "'sessions list'"),
        (("stop",), "'drain', 'shutdown'"),
        (("sessions", "reset"), "'config reset', 'timeouts reset', 'breakers reset'"),
        (("stats",), "'history stats'"),
    ],
)
def test_a_typo_gets_a_proposal(bare_cli: Cli, typed: tuple[str, ...], meant: str) -> None:
    outcome = bare_cli(*typed)
    assert (outcome.code, outcome.out) == (2, "")
    assert meant in outcome.err.splitlines()[-1]


DOCUMENTS = ("README.md", *(str(path.relative_to(ROOT_FOLDER)) for path in sorted((ROOT_FOLDER / "docs").glob("*.md"))))
FILTERS = {
    "sessions": LIVE_FIELDS,
    "top": LIVE_FIELDS,
    "list": HISTORY_FIELDS,
    "export": HISTORY_FIELDS,
    "runs": RUN_FIELDS,
}


def _written() -> Iterator[str]:
    """Every command line of a help or a document."""
    for command in COMMANDS.values():
        yield from (command.epilog or "").partition("Example")[2].splitlines()[1:]
    for name in DOCUMENTS:
        for line in (ROOT_FOLDER / name).read_text().splitlines():
            if line.startswith("$ householdctl "):
                yield line.removeprefix("$ ")


def _filters() -> Iterator[tuple[str, str]]:
    for line in _written():
        words = _words(line)
        for option, value in pairwise(words):
            if option in ("--filter", "--address"):
                query = value if option == "--filter" else f"address = {address_argument(value)}"
                yield words[1] if words[0] == "history" else words[0], query


EXAMPLES = sorted(set(_filters()))


@pytest.mark.parametrize(("command", "query"), EXAMPLES)
def test_the_filter_of_every_example_can_be_read(command: str, query: str) -> None:
    assert read(query, FILTERS[command], Spelt())


def test_examples_name_addresses_without_a_port() -> None:
    assert len(EXAMPLES) > 5
    assert not [query for _, query in EXAMPLES if "peer_address" in query]
    named = [query for _, query in EXAMPLES if "address =" in query]
    assert named
    for query in named:
        address = query.partition("address = ")[2].split()[0].strip('"')
        member = ip_network(address)[7 if "/" in address else 0]
        wanted = parse(f"address = {address}")
        assert wanted(session(1, peer_address=f"{member}:50001"))
        assert not wanted(session(1, peer_address="192.0.3.7:50001"))


@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_fields_of_a_filter_are_completed(typed: str, offered: list[str]) -> None:
    assert [each for each in filter_of(LIVE_FIELDS, typed) if not each.endswith("_bps")][:3] == offered


def test_fields_of_an_order_are_completed() -> None:
    assert order_of(LIVE_FIELDS, "sent_bytes desc, open") == [
        "sent_bytes desc, opened_at",
        "sent_bytes desc, opened_at desc",
    ]
