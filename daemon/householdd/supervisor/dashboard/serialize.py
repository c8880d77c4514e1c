"""Messages of the control API in the short form for the page, in seconds, bytes and bit/s."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from household.v1 import history_service_pb2, server_service_pb2, session_pb2, session_service_pb2
from householdd.api.convert import reason_word, seconds, unix
from householdd.supervisor.dashboard.trend import Trend

Shown = dict[str, Any]


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def state(number: session_pb2.SessionState.ValueType) -> str:
    return _word(session_pb2.SessionState.Name(number), "SESSION_STATE_")


def session(each: session_pb2.Session) -> Shown:
    return {
        "id": each.id,
        "user": each.user_id,
        "test": each.test_id,
        "profile": each.profile,
        "state": state(each.state),
        "verdict": _word(session_pb2.Verdict.Name(each.verdict), "VERDICT_"),
        "peer": each.peer_address,
        "agent": each.user_agent,
        "worker": each.worker,
        "age": round(seconds(each.age), 1),
        "evidence": round(seconds(each.evidence_age), 2),
        "down": round(each.actual_download_bps),
        "up": round(each.actual_upload_bps),
        "roundTrip": round(seconds(each.round_trip), 5) if each.HasField("round_trip") else None,
        "sent": each.sent_bytes,
        "received": each.received_bytes,
    }


def page(response: session_service_pb2.ListSessionsResponse) -> Shown:
    return {
        "rows": [session(each) for each in response.sessions],
        "total": response.total_size,
        "next": response.next_page_token,
        "missing": [each.worker for each in response.unreachable_workers],
    }


def server(now: server_service_pb2.Server, trend: Trend) -> Shown:
    """Return the daemon without its sessions."""
    recent = trend.recent_closes()
    totals = now.totals
    return {
        "state": _word(server_service_pb2.ServerState.Name(now.state), "SERVER_STATE_"),
        "uptime": round(seconds(now.uptime)),
        "opened": totals.sessions_opened,
        "sent": totals.sent_bytes,
        "received": totals.received_bytes,
        "refused": totals.handshakes_refused,
        "closes": [
            {"reason": reason_word(each.reason), "count": each.count, "recent": recent[each.reason]}
            for each in totals.sessions_closed
        ],
        "workers": [_worker(each, trend) for each in now.workers],
        "drain": _drain(now),
        "history": {
            "state": _word(server_service_pb2.HistoryState.Name(now.history.state), "HISTORY_STATE_"),
            "problem": now.history.problem,
            "waiting": now.history.waiting,
            "dropped": now.history.dropped,
        },
    }


def _drain(now: server_service_pb2.Server) -> Shown | None:
    if not now.HasField("drain_deadline_at"):
        return None
    return {"reason": now.drain_reason, "deadline": unix(now.drain_deadline_at)}


def _worker(each: server_service_pb2.Worker, trend: Trend) -> Shown:
    return {
        "name": each.name,
        "state": _word(server_service_pb2.WorkerState.Name(each.state), "WORKER_STATE_"),
        "detail": each.detail,
        "pid": each.pid,
        "restarts": each.restarts,
        "sessions": {state(one.state): one.count for one in each.sessions if one.count},
        "connections": each.census.connections,
        "resident": each.census.resident_bytes,
        "lateness": trend.lateness(each.name),
        "slow": trend.recent_slow(each.name),
        "longest": seconds(each.control_loop.longest_gap),
    }


def runs(response: history_service_pb2.ListRunsResponse, link: str | None) -> list[Shown]:
    """Return the runs; ``link`` is the URL prefix of a run's page, None without permalinks."""
    return [
        {
            "id": each.id,
            "at": unix(each.stored_at),
            "grade": grade(each),
            "valid": each.valid,
            "baseline": seconds(each.baseline) if each.HasField("baseline") else None,
            "increase": _increase(each),
            "cause": _cause(each),
            "network": each.address_block,
            "client": each.client,
            "link": None if link is None else link + each.id,
        }
        for each in response.runs
    ]


def _increase(each: history_service_pb2.Run) -> float | None:
    """Return the increase of the 95th percentile that the grade rests on, in seconds."""
    if each.witness == history_service_pb2.WITNESS_KERNEL:
        return seconds(each.kernel_increase_p95)
    return seconds(each.increase_p95) if each.HasField("increase_p95") else None


def _cause(each: history_service_pb2.Run) -> str | None:
    """Return where the delay was; None for a run of an older daemon."""
    return _word(history_service_pb2.Cause.Name(each.cause), "CAUSE_") if each.cause else None


def grade(each: history_service_pb2.Run) -> str | None:
    """Return a grade such as ``A+``; None for an invalid run."""
    word = _word(history_service_pb2.Grade.Name(each.grade), "GRADE_")
    return word.upper().replace("_PLUS", "+") if each.valid and each.grade else None


def grades(groups: Iterable[history_service_pb2.HistoryGroup]) -> dict[str, int]:
    """Return the number of runs by grade, with invalid runs under ``invalid``."""
    return {each.key: each.runs for each in groups if each.runs}


def killed(response: session_service_pb2.KillSessionsResponse) -> Shown:
    """Return the result of a kill, counted by outcome."""
    counts: dict[str, int] = {}
    for each in response.results:
        word = _word(session_service_pb2.KillOutcome.Name(each.outcome), "KILL_OUTCOME_")
        counts[word] = counts.get(word, 0) + 1
    return {
        "outcomes": counts,
        "blocked": [each.address for each in response.blocks],
        "missing": [each.worker for each in response.unreachable_workers],
    }


def told(response: server_service_pb2.DrainServerResponse | server_service_pb2.ResumeServerResponse) -> Shown:
    """Return the result of a drain or a resume."""
    return {"sessions": response.server.sessions, "missing": [each.worker for each in response.unreachable_workers]}
