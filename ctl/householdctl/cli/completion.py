"""What the shell offers when an operator presses Tab."""

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

# A shell that hangs on Tab feels broken; in seconds.
PATIENCE_S = 1.0

MAX_COMPLETIONS = 50
"""Runs, and as many ended sessions, that are proposed."""

_LAST = re.compile(r"(?:(?P<field>[a-z_0-9]+)\s*!?=\s*|[\s(-]|^)(?P<last>[\w+-]*)$", re.ASCII)
"""The end of a filter: the beginning of a field, or of the value behind a field."""


def live_session_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of live sessions that begin as typed, each with its user; none of a daemon that does not answer."""
    found = [(session.id, f"{session.user_id}, {session.profile}") for session in _live_sessions(ctx)]
    return [each for each in found if each[0].startswith(incomplete)]


def live_profiles(ctx: typer.Context, incomplete: str) -> list[str]:
    """Profiles of live sessions that begin as typed."""
    return [
        name for name in sorted({session.profile for session in _live_sessions(ctx)}) if name.startswith(incomplete)
    ]


def setting_keys(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the key of a setting, or a group of them, each with what it means."""
    settings = _settings(ctx)
    groups = {setting.path.rpartition(".")[0]: "all of the group" for setting in settings if "." in setting.path}
    keys = groups | {setting.path: setting.description for setting in settings}
    return [each for each in keys.items() if each[0].startswith(incomplete)]


def setting_assignments(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete ``KEY=``, and the value of a setting that is one of a few words."""
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
    """Complete the field, or the word, that a filter ends with."""
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
    """Ids of the latest runs and ended sessions that begin as typed."""

    def look(client: Client) -> list[tuple[str, str]]:
        from householdctl.views.history import grade
        from householdctl.views.sessions import local_time

        runs = [(run.id, f"run, {grade(run)}, {local_time(run.stored_at)}") for run in client.runs("", MAX_COMPLETIONS)]
        ended = client.ended_sessions("", MAX_COMPLETIONS)
        sessions = [(each.session.id, f"session, {each.session.user_id}") for each in ended]
        return runs + sessions

    return _beginning(_asked(ctx, look), incomplete)


def live_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Test ids of live sessions that begin as typed."""
    found = sorted({session.test_id for session in _live_sessions(ctx) if session.test_id})
    return [name for name in found if name.startswith(incomplete)]


def live_users(ctx: typer.Context, incomplete: str) -> list[str]:
    """Users of live sessions that begin as typed."""
    return [name for name in sorted({each.user_id for each in _live_sessions(ctx)}) if name.startswith(incomplete)]


def blocked_addresses(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Blocked addresses that begin as typed, each with its reason."""
    return _beginning(
        _asked(ctx, lambda client: [(each.address, each.reason) for each in client.list_blocks().blocks]), incomplete
    )


def broken_addresses(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Addresses of circuit breakers that begin as typed."""
    return _beginning(
        _asked(ctx, lambda client: [(each.address, each.profile) for each in client.list_breakers().breakers]),
        incomplete,
    )


def context_names(incomplete: str) -> list[str]:
    """Names of contexts that begin as typed; none when their file cannot be read."""
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
    """Return what the chosen daemons answer in time."""
    try:
        options = replace(resolve(ctx, ctx.params), timeout=PATIENCE_S)
        from householdctl.control.multi_target import ask

        answers = ask(options, call)
    except CommandError:
        return []
    return [each for _, answer in answers for each in answer]


def _beginning(found: list[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    return [each for each in found if each[0].startswith(incomplete)]
