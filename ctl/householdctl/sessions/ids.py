"""Ids by unique beginnings.

They become whole ids first, so that no session that opens in between is affected.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from household_filters.values import MIN_PREFIX
from householdctl.control.multi_target import ask
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.values.filters import beginning, is_beginning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from household.v1.history_service_pb2 import Run, SessionRecord
    from household.v1.session_pb2 import Session
    from householdctl.control.client import Client
    from householdctl.control.options import Options

RUN_DIGITS = 24
"""Hexadecimal digits."""

_MAX_SHOWN = 5
"""Candidates for an ambiguous id."""

_GROUPS = (8, 4, 4, 4, 12)
"""Hexadecimal digits of a UUID's groups."""

Candidate = tuple[str, str]
"""Id and description."""


def whole_sessions(options: Options, texts: Sequence[str]) -> list[str]:
    """Return each id once.

    Raise CommandError for an invalid id, and for a beginning of no or several ids.
    """
    return list(dict.fromkeys(text if is_session(text) else _one_live(options, text) for text in texts))


def whole_session(options: Options, text: str) -> str:
    """Accept live and ended sessions. Raise CommandError."""
    if is_session(text):
        return text
    found = _live(options, text) or _ended(options, text)
    return _only(found, text, "session")


def whole_record(client: Client, text: str) -> tuple[str, bool]:
    """Return the id, and whether it is a run. Raise CommandError."""
    if is_session(text):
        return text, False
    if is_run(text):
        return text.lower(), True
    _check(text, "a session or a run")
    runs = [] if "-" in text else [_run(each) for each in client.runs(beginning("id", text.lower()), _MAX_SHOWN + 1)]
    sessions = [_session(each) for each in client.ended_sessions(beginning("id", _dashed(text)), _MAX_SHOWN + 1)]
    found = _only([*runs, *sessions], text, "session or run in the history")
    return found, found in dict(runs)


def is_session(text: str) -> bool:
    try:
        return len(text) > RUN_DIGITS and bool(uuid.UUID(text))
    except ValueError:
        return False


def is_run(text: str) -> bool:
    return len(text) == RUN_DIGITS and is_beginning(text) and "-" not in text


def _one_live(options: Options, text: str) -> str:
    return _only(_live(options, text), text, "live session")


def _live(options: Options, text: str) -> list[Candidate]:
    _check(text, "a session")
    query = beginning("id", _dashed(text))
    answers = ask(options, lambda client: client.list_sessions(query, limit=_MAX_SHOWN + 1))
    return [_live_session(each) for _, answer in answers for each in answer.sessions]


def _ended(options: Options, text: str) -> list[Candidate]:
    def look(client: Client) -> list[SessionRecord]:
        try:
            return list(client.ended_sessions(beginning("id", _dashed(text)), _MAX_SHOWN + 1))
        except CommandError:
            # No history, or not readable now.
            return []

    return [_session(each) for _, records in ask(options, look) for each in records]


def _check(text: str, whose: str) -> None:
    if not is_beginning(text):
        raise CommandError(
            ExitCode.USAGE,
            f"{text!r} is not an id of {whose}",
            f"write the whole id, or at least its first {MIN_PREFIX} hexadecimal digits",
        )


def _only(found: list[Candidate], text: str, kind: str) -> str:
    candidates = dict(found)
    if not candidates:
        raise CommandError(ExitCode.NOT_FOUND, f"no {kind} has an id that begins with {text}")
    if len(candidates) > 1:
        shown = [f"{each}  {words}" for each, words in list(candidates.items())[:_MAX_SHOWN]]
        more = ["and more"] if len(candidates) > _MAX_SHOWN else []
        raise CommandError(ExitCode.USAGE, f"{text} is the beginning of several ids; write more digits", *shown, *more)
    return next(iter(candidates))


def _dashed(text: str) -> str:
    """Return a UUID's beginning with dashes."""
    digits, groups = text.replace("-", "").lower(), []
    for length in _GROUPS:
        groups.append(digits[:length])
        digits = digits[length:]
        if not digits:
            break
    return "-".join(groups)


def _live_session(session: Session) -> Candidate:
    return session.id, f"{session.user_id}, {session.profile}, {session.peer_address}"


def _session(record: SessionRecord) -> Candidate:
    from householdctl.views.sessions import local_time

    return record.session.id, f"session, {record.session.user_id}, ended {local_time(record.session.closed_at)}"


def _run(run: Run) -> Candidate:
    from householdctl.views.sessions import local_time

    return run.id, f"run, stored {local_time(run.stored_at)}"
