"""Merges the responses of workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from household.v1 import server_service_pb2, session_pb2, session_service_pb2
from householdd.api.paging import PageRequest

_SUMS = ("sessions_opened", "sent_bytes", "received_bytes", "handshakes_refused", "protocol_errors")


def add_totals(total: server_service_pb2.Totals, more: server_service_pb2.Totals) -> None:
    for name in _SUMS:
        setattr(total, name, getattr(total, name) + getattr(more, name))
    closed = Counter[session_pb2.CloseReason.ValueType]()
    for closing in (*total.sessions_closed, *more.sessions_closed):
        closed[closing.reason] += closing.count
    del total.sessions_closed[:]
    for reason, count in sorted(closed.items()):
        total.sessions_closed.add(reason=reason, count=count)
    refused = Counter[server_service_pb2.RefusalCause.ValueType]()
    for refusal in (*total.refusals, *more.refusals):
        refused[refusal.cause] += refusal.count
    del total.refusals[:]
    for cause, count in sorted(refused.items()):
        total.refusals.add(cause=cause, count=count)


def merge_lists(
    page_request: PageRequest, pages: Iterable[session_service_pb2.ListSessionsResponse]
) -> session_service_pb2.ListSessionsResponse:
    pages = list(pages)
    sessions, token = page_request.page(session for page in pages for session in page.sessions)
    if not token and sessions and any(page.next_page_token for page in pages):
        token = page_request.token(sessions[-1])
    return session_service_pb2.ListSessionsResponse(
        sessions=sessions, next_page_token=token, total_size=sum(page.total_size for page in pages)
    )


def merge_kills(
    answers: Iterable[session_service_pb2.KillSessionsResponse],
) -> session_service_pb2.KillSessionsResponse:
    """Return for each id the answer of the worker that knows the session."""
    results: dict[str, session_service_pb2.KillResult] = {}
    for answer in answers:
        for result in answer.results:
            if result.outcome != session_service_pb2.KILL_OUTCOME_NOT_FOUND:
                results[result.id] = result
            else:
                results.setdefault(result.id, result)
    return session_service_pb2.KillSessionsResponse(results=results.values())
