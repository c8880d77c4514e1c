"""Completions that the shell offers on Tab."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import typer

from householdctl.cli.resolution import resolve
from householdctl.exit_codes import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from household.v1.config_service_pb2 import Setting
    from household.v1.session_pb2 import Session
    from household_filters.fields import FieldSpec
    from householdctl.control.client import Client

T = TypeVar("T")

COMPLETION_TIMEOUT_S = 1.0
"""Deadline of a call in seconds; a shell that hangs on Tab feels broken."""

MAX_COMPLETIONS = 50
"""Maximum number of runs, and of ended sessions, to offer."""

_LAST = re.compile(r"(?:(?P<field>[a-z_0-9]+)\s*!?=\s*|[\s(-]|^)(?P<last>[\w+-]*)$", re.ASCII)
"""End of a filter: the beginning of a field, or of a field's value."""


def live_session_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the id of a live session."""
    found = [(session.id, f"{session.user_id}, {session.profile}") for session in _live_sessions(ctx)]
    return [each for each in found if each[0].startswith(incomplete)]


def live_profiles(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a profile of live sessions."""
    return [
        name for name in sorted({session.profile for session in _live_sessions(ctx)}) if name.startswith(incomplete)
    ]


def setting_keys(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the key of a setting or of a group."""
    settings = _settings(ctx)
    groups = {setting.path.rpartition(".")[0]: "the whole group" for setting in settings if "." in setting.path}
    keys = groups | {setting.path: setting.description for setting in settings}
    return [each for each in keys.items() if each[0].startswith(incomplete)]


def setting_assignments(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete ``KEY=``, and the value of a setting with a choice of words."""
    settings = _settings(ctx)
    offered = [(f"{setting.path}=", setting.description) for setting in settings]
    if "=" in incomplete:
        offered = [(f"{each.path}={choice}", "") for each in settings for choice in each.choices]
    return [each for each in offered if each[0].startswith(incomplete)]


def timeout_names(incomplete: str) -> list[str]:
    """Complete the name of a timeout."""
    from householdctl.values.timeouts import NAMES

    return [name for name in NAMES if name.startswith(incomplete)]


def timeout_assignments(incomplete: str) -> list[str]:
    """Complete ``NAME=`` of a timeout."""
    return [f"{name}=" for name in timeout_names(incomplete)]


def live_fields(incomplete: str) -> list[str]:
    """Complete a filter of live sessions."""
    from household_filters.fields import LIVE_FIELDS

    return filter_of(LIVE_FIELDS, incomplete)


def order_fields(incomplete: str) -> list[str]:
    """Complete an order of live sessions."""
    from household_filters.fields import LIVE_FIELDS

    return order_of(LIVE_FIELDS, incomplete)


def history_fields(incomplete: str) -> list[str]:
    """Complete a filter of ended sessions."""
    from household_filters.fields import HISTORY_FIELDS

    return filter_of(HISTORY_FIELDS, incomplete)


def run_fields(incomplete: str) -> list[str]:
    """Complete a filter of runs."""
    from household_filters.fields import RUN_FIELDS

    return filter_of(RUN_FIELDS, incomplete)


def filter_of(fields: Mapping[str, FieldSpec], incomplete: str) -> list[str]:
    """Complete the field or the word at the end of a filter."""
    typed = _LAST.search(incomplete)
    head = incomplete[: typed.start("last")] if typed else incomplete
    if typed and (field := fields.get(typed["field"] or "")) is not None:
        candidates = [word.upper() for word in field.allowed]
    else:
        candidates = list(fields)
    last = typed["last"] if typed else ""
    return [f"{head}{each}" for each in candidates if each.lower().startswith(last.lower())]


def order_of(fields: Mapping[str, FieldSpec], incomplete: str) -> list[str]:
    """Complete the last field of an order."""
    head, comma, last = incomplete.rpartition(",")
    blank = " " * (len(last) - len(last.lstrip()))
    names = [name for name in fields if name.startswith(last.strip())]
    return [f"{head}{comma}{blank}{each}" for name in names for each in (name, f"{name} desc")]


def kept_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the id of a recent run or ended session."""

    def look(client: Client) -> list[tuple[str, str]]:
        from householdctl.views.history import grade
        from householdctl.views.sessions import local_time

        runs = [(run.id, f"run, {grade(run)}, {local_time(run.stored_at)}") for run in client.runs("", MAX_COMPLETIONS)]
        ended = client.ended_sessions("", MAX_COMPLETIONS)
        sessions = [(each.session.id, f"session, {each.session.user_id}") for each in ended]
        return runs + sessions

    return _beginning(_asked(ctx, look), incomplete)


def live_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the test id of a live run."""
    found = sorted({session.test_id for session in _live_sessions(ctx) if session.test_id})
    return [name for name in found if name.startswith(incomplete)]


def live_users(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the user of a live session."""
    return [name for name in sorted({each.user_id for each in _live_sessions(ctx)}) if name.startswith(incomplete)]


def blocked_addresses(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete a blocked address."""
    return _beginning(
        _asked(ctx, lambda client: [(each.address, each.reason) for each in client.list_blocks().blocks]), incomplete
    )


def broken_addresses(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the address of a circuit breaker."""
    return _beginning(
        _asked(ctx, lambda client: [(each.address, each.profile) for each in client.list_breakers().breakers]),
        incomplete,
    )


def context_names(incomplete: str) -> list[str]:
    """Complete the name of a context."""
    from householdctl.control.contexts import load, location

    try:
        known = load(location(os.environ))
    except CommandError:
        return []
    return [name for name in sorted(known.contexts) if name.startswith(incomplete)]


def _live_sessions(ctx: typer.Context) -> list[Session]:
    return _asked(ctx, lambda client: list(client.list_sessions().sessions))


def _settings(ctx: typer.Context) -> list[Setting]:
    settings = _asked(ctx, lambda client: list(client.get_config().settings))
    return [*{setting.path: setting for setting in settings}.values()]


def _asked(ctx: typer.Context, call: Callable[[Client], list[T]]) -> list[T]:
    """Return the answers of the selected daemons; none on any error."""
    try:
        options = replace(resolve(ctx, ctx.params), timeout=COMPLETION_TIMEOUT_S)
        from householdctl.control.multi_target import ask

        answers = ask(options, call)
    except CommandError:
        return []
    return [each for _, answer in answers for each in answer]


def _beginning(found: list[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    return [each for each in found if each[0].startswith(incomplete)]
