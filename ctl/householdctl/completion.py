"""What the shell offers when an operator presses Tab."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import typer

from householdctl.exits import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from household.v1.config_service_pb2 import Setting
    from household.v1.session_pb2 import Session
    from householdctl.client import Client

Answer = TypeVar("Answer")

# A shell that hangs on Tab feels broken; in seconds.
PATIENCE_S = 1.0


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
    from householdctl.timeouts_input import NAMES

    return [name for name in NAMES if name.startswith(incomplete)]


def timeout_assignments(incomplete: str) -> list[str]:
    """Complete ``NAME=`` of a timeout."""
    return [f"{name}=" for name in timeout_names(incomplete)]


def context_names(incomplete: str) -> list[str]:
    """Names of contexts that begin as typed; none when their file cannot be read."""
    from householdctl.contexts import load, location

    try:
        known = load(location(os.environ))
    except CommandError:
        return []
    return [name for name in sorted(known.contexts) if name.startswith(incomplete)]


def _live_sessions(ctx: typer.Context) -> list[Session]:
    return [session for answer in _ask(ctx, lambda client: client.list_sessions()) for session in answer.sessions]


def _settings(ctx: typer.Context) -> list[Setting]:
    answers = _ask(ctx, lambda client: client.get_config())
    return [*{setting.path: setting for answer in answers for setting in answer.settings}.values()]


def _ask(ctx: typer.Context, call: Callable[[Client], Answer]) -> list[Answer]:
    """Return what the chosen daemons answer in time."""
    from householdctl.options import resolve

    try:
        options = replace(resolve(ctx, ctx.params), timeout=PATIENCE_S)
        from householdctl.several import ask

        return [answer for _, answer in ask(options, call)]
    except CommandError:
        return []
