"""What documents name exists, and their reference tables are complete."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from household.v1 import config_service_pb2, history_service_pb2, server_service_pb2, session_service_pb2
from householdctl.app import app as householdctl
from householdctl.exit_codes import ExitCode
from householdd.__main__ import app as householdd
from householdd.admission.admission import Cause
from householdd.api.call_limits import CallLimits
from householdd.config.branding import BrandingSettings
from householdd.config.dashboard import DashboardSettings
from householdd.config.history import HistorySettings
from householdd.session.close_reason import ABNORMAL_CLOSURE, CloseReason
from householdd.settings.definitions import MAX_MBPS, Limits, Timeouts
from householdd.storage.problems import PROBLEM_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
CURRENT = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
"""Documents of the present; the change log may name what is gone."""

FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
TOP_LEVEL = ("bench", "client", "ctl", "daemon", "docs", "packaging", "protos", "requirements", "systemd", "tests")
BASES = ("", "docs", "daemon", "daemon/householdd", "ctl/householdctl", "tests")
"""Folders that documents name files from."""

UNITS_AND_FILES = (".service", ".socket", ".service.d", ".socket.d", ".toml")
GENERATED = ("daemon/householdd/static",)
PROGRAMS: dict[str, Any] = {
    "householdctl": typer.main.get_command(householdctl),
    "householdd": typer.main.get_command(householdd),
}
OPTIONS_OF_OTHERS = {"--write"}
"""``make bench``."""


def by_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(document: Path) -> str:
    """A document without its code blocks."""
    return FENCE.sub("", document.read_text())


def quoted(document: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(document))


def anchors(document: Path) -> set[str]:
    """The fragments of a document's headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if link.startswith("https://"):
            continue
        name, _, fragment = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)", index))
    assert listed == {path.name for path in ROOT.glob("docs/*.md")} - {"README.md"}


@pytest.mark.parametrize("document", CURRENT, ids=by_name)
def test_files_that_are_named_exist(document: Path) -> None:
    named = [
        name
        for name in quoted(document)
        if re.fullmatch(r"[\w-][\w./-]*", name)
        and (name.endswith((".py", ".ts", ".mjs", ".proto")) or (name.split("/")[0] in TOP_LEVEL and "/" in name))
        and name not in GENERATED
    ]
    assert [name for name in named if not any((ROOT / base / name).exists() for base in BASES)] == []


@pytest.mark.parametrize("document", CURRENT, ids=by_name)
def test_modules_that_are_named_exist(document: Path) -> None:
    pattern = r"(?:python -m )?((?:householdd|householdctl|household_scoring|household_filters)(?:\.\w+)+)"
    for name in quoted(document):
        if (match := re.fullmatch(pattern, name)) is None or name.endswith(UNITS_AND_FILES):
            continue
        path = match[1].replace(".", "/")
        found = [ROOT / top / f"{path}{suffix}" for top in ("daemon", "ctl") for suffix in ("", ".py")]
        assert any(each.exists() for each in found), name


@pytest.mark.parametrize("document", CURRENT, ids=by_name)
def test_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    blocks = "\n".join(FENCE.findall(document.read_text()))
    named = re.findall(r"^make ([a-z-]+)", blocks, re.MULTILINE) + re.findall(r"`make\s([a-z-]+)", prose(document))
    assert set(named) - targets == set()


CALL = re.compile(
    r"(?:^|\| )(?:\$ )?(?:[A-Z_]+=\w+ )?(?:sudo (?:-u \w+ )?)?(?:\.venv/bin/)?((householdctl|householdd)(?: .*)?)$"
)


def command_lines(document: Path) -> Iterator[list[str]]:
    """The words of each call of our programs, in code blocks and in the text."""
    blocks = re.sub(r" *\\\n *", " ", "\n".join(FENCE.findall(document.read_text())))
    for line in [*blocks.splitlines(), *quoted(document)]:
        if (call := CALL.search(line)) and "..." not in line and not re.match(r"householdctl top  ", line):
            words = shlex.split(call[1], comments=True)
            ends = [index for index, word in enumerate(words) if word in ("|", ">")]
            yield words[: ends[0]] if ends else words


@pytest.mark.parametrize("document", CURRENT, ids=by_name)
def test_commands_that_are_named_exist_with_their_options(document: Path) -> None:
    for program, *words in command_lines(document):
        command = PROGRAMS[program]
        options = {name: each for each in command.params for name in each.opts}
        rest = iter(words)
        for word in rest:
            if word.startswith("-") and word != "-" and not word[1:].isdigit():
                name, _, value = word.partition("=")
                assert name in {*options, "--help", "-h"}, (program, *words)
                if name in options and not options[name].is_flag and not value:
                    next(rest, None)
            elif hasattr(command, "commands"):
                assert word in command.commands, (program, *words)
                command = command.commands[word]
                options |= {name: each for each in command.params for name in each.opts}


def all_options(command: Any) -> set[str]:
    own = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return own.union(*(all_options(each) for each in getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("document", CURRENT, ids=by_name)
def test_options_that_are_named_exist(document: Path) -> None:
    known = {"--help"}.union(OPTIONS_OF_OTHERS, *(all_options(each) for each in PROGRAMS.values()))
    named = {name.split()[0].partition("=")[0] for name in quoted(document) if re.match(r"--[a-z]", name)}
    assert named - known == set()


def test_messages_of_the_troubleshooting_table_exist() -> None:
    table = (ROOT / "docs" / "install.md").read_text().partition("## Troubleshooting")[2]
    rows = re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)
    parts = [part.strip(" .:") for row in rows for text in re.findall("`([^`]+)`", row) for part in text.split("...")]
    messages = [part for part in parts if part.count(" ") > 1]
    sources = "".join(path.read_text() for top in ("daemon", "ctl") for path in (ROOT / top).rglob("*.py"))
    assert len(messages) > 5
    outside = {"Address already in use", "Permission denied", "start request repeated too quickly"}
    assert {each for each in messages if each not in sources} - outside == set()


def first_cells(page: str, heading: str) -> dict[str, str]:
    """Each name in the first column of the tables below a heading, with the rest of its row."""
    section = (ROOT / "docs" / page).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]*) \|(.*)$(?!\n\|-)", section, re.MULTILINE)
    return {name: rest for cell, rest in rows for name in re.findall("`([^`]+)`", cell)}


def test_the_protocol_lists_every_close_reason_with_its_code() -> None:
    listed = first_cells("protocol.md", "Closing")
    assert set(listed) == {reason.value for reason in CloseReason}
    for reason in set(CloseReason) - {CloseReason.CLIENT_CLOSED}:
        code = "none" if reason.close_code == ABNORMAL_CLOSURE else str(reason.close_code)
        assert code in listed[reason].partition("|")[0], reason


def test_the_page_on_protection_lists_every_cause_of_a_refusal() -> None:
    text = (ROOT / "docs" / "protection.md").read_text()
    assert {cause.value for cause in Cause if f"\n| `{cause.value}` | " not in text} == set()


def test_the_control_api_lists_every_method() -> None:
    text = (ROOT / "docs" / "control-api.md").read_text()
    modules = (session_service_pb2, server_service_pb2, config_service_pb2, history_service_pb2)
    services = [service for each in modules for service in each.DESCRIPTOR.services_by_name.values()]
    methods = {f"{service.name}.{method.name}" for service in services for method in service.methods}
    assert {name for name in methods if f"`{name}`" not in text} == set()


def test_the_control_api_lists_every_timeout_and_limit() -> None:
    limits = first_cells("control-api.md", "Runtime configuration")
    for each in fields(Limits):
        default = "1000000" if each.default == MAX_MBPS else f"{each.default:g}"
        assert f" {default} " in limits[f"limits.{each.name}"].partition(" | ")[0] + " ", each.name
    assert set(first_cells("control-api.md", "Timeouts")) == {each.name for each in fields(Timeouts)}


def test_the_exit_codes_of_householdctl_are_listed() -> None:
    codes = (ROOT / "docs" / "householdctl.md").read_text().partition("\n## Exit codes\n")[2]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", codes, re.MULTILINE)] == list(ExitCode)


def test_the_page_on_the_history_says_what_to_do_about_every_problem() -> None:
    assert first_cells("history.md", "Guarantees").keys() == set(PROBLEM_KINDS) - {"other"}


def test_the_limits_of_the_control_api_are_listed() -> None:
    listed = first_cells("control.md", "Limits")
    named = ("connections", "handshakes", "strangers", "rpcs", "rpcs_per_connection", "streams")
    assert listed.keys() == set(named)
    for name in named:
        assert f" {getattr(CallLimits, name)}" in listed[name], name


@pytest.mark.parametrize(
    ("page", "heading", "settings"),
    [
        ("history.md", "Settings", HistorySettings),
        ("dashboard.md", "Settings", DashboardSettings),
        ("page.md", "Your brand", BrandingSettings),
    ],
)
def test_a_page_lists_every_key_of_its_section(page: str, heading: str, settings: type[BaseModel]) -> None:
    assert {name.partition(".")[0] for name in first_cells(page, heading)} == settings.model_fields.keys()


def test_each_folder_of_tests_mirrors_a_package_or_is_explained() -> None:
    packages = {path.name for top in ("daemon", "daemon/householdd") for path in (ROOT / top).iterdir()}
    explained = (ROOT / "CONTRIBUTING.md").read_text()
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/**/test_*.py")}
    assert {name for name in folders - packages if f"`tests/{name}`" not in explained} == set()


def test_the_pure_packages_are_those_of_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    pure = next(each["source_modules"] for each in contracts if each["name"].startswith("The rules of the domain"))
    rule = (ROOT / "CONTRIBUTING.md").read_text().partition("domain are pure** (")[2].partition(")")[0]
    assert {f"householdd.{name}" for name in re.findall(r"`(\w+)`", rule)} == set(pure)


def test_the_tests_that_the_security_model_cites_exist() -> None:
    rows = (ROOT / "docs" / "security.md").read_text().partition("## Attacks")[2].partition("## Bounds")[0]
    cited = {name.removesuffix("_...") for name in re.findall(r"`([a-z]+(?:_[a-z]+){3,}(?:_\.\.\.)?)`", rows)}
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert cited
    assert {name for name in cited if not re.search(rf"def test_{name}", sources)} == set()
    files = set(re.findall(r"`([a-z_]+/test_[a-z_]+\.py)`", rows))
    assert {file for file in files if not (ROOT / "tests" / file).is_file()} == set()
