"""List live sessions of one or several daemons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from household.v1.session_pb2 import Session
from householdctl.control.merge import merge_sessions
from householdctl.control.multi_target import TargetAnswers, ask
from householdctl.output import printer
from householdctl.output.tables import Table
from householdctl.output.terminal import note, warn
from householdctl.sessions.matching import nothing
from householdctl.views import sessions as session_views

if TYPE_CHECKING:
    from household.v1.session_service_pb2 import ListSessionsResponse
    from householdctl.control.options import Options


def print_list(options: Options, query: str, order_by: str, limit: int | None) -> None:
    answers = ask(options, lambda client: client.list_sessions(query, order_by, limit))
    sessions = sessions_of(answers, order_by, limit)
    answers.warn()
    for text in missing(answers):
        warn(text)
    printer.show(
        options,
        _document(answers, sessions),
        Table(answers.columns(session_views.COLUMNS), sessions),
        lines=sessions,
        row=Session,
    )
    if not sessions:
        note(nothing(query))
    answers.finish()


def sessions_of(answers: TargetAnswers[ListSessionsResponse], order_by: str, limit: int | None) -> list[Any]:
    if not answers.several:
        return list(answers.only.sessions)
    return list(merge_sessions(((target, answer.sessions) for target, answer in answers), order_by, limit))


def _document(answers: TargetAnswers[ListSessionsResponse], sessions: list[Any]) -> object:
    if not answers.several:
        return answers.only
    return {
        "sessions": sessions,
        "total_size": sum(answer.total_size for _, answer in answers),
        "unreachable_workers": [
            answers.tag(target, worker) for target, answer in answers for worker in answer.unreachable_workers
        ],
        "unreachable_targets": answers.unreachable,
    }


def missing(answers: TargetAnswers[ListSessionsResponse]) -> list[str]:
    """Return a line for each silent worker."""
    return [
        f"the sessions of worker {worker.worker}{answers.at(target)} are missing: {worker.reason}"
        for target, answer in answers
        for worker in answer.unreachable_workers
    ]
