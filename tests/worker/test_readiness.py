"""``/virtual-household/ready``: what a load balancer asks before it sends new customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from householdd.admission.admission import Admission
from householdd.admission.reservations import HOUSEHOLD_SESSIONS
from householdd.capacity.overload_controller import OverloadLevel
from householdd.settings.definitions import Limits
from householdd.shared.counters import SharedCounters, size
from householdd.worker.json_rows import RowUnavailableError, Stats
from householdd.worker.readiness import readiness
from tests.daemon import Daemon, wait_until
from tests.websocket_clients import OldPage, client
from tests.worker.http_client import ask

READY = "/virtual-household/ready"


def admission() -> Admission:
    return Admission(SharedCounters(memoryview(bytearray(size(1))), 0))


def stats_of(state: str) -> Stats:
    async def stats() -> Mapping[str, Any]:
        return {"state": state}

    return stats


async def unavailable() -> Mapping[str, Any]:
    raise RowUnavailableError("the supervisor does not answer")


@pytest.mark.parametrize(
    ("state", "cause"),
    [("serving", None), ("starting", "starting"), ("draining", "draining"), ("stopping", "draining")],
)
async def test_the_daemons_state_decides_where_the_worker_would_let_a_run_in(state: str, cause: str | None) -> None:
    row = await readiness(admission(), 0.0, stats_of(state))
    assert row.get("cause") == cause
    assert row["ready"] is (cause is None)


async def test_the_workers_own_state_counts_at_once_whatever_the_daemon_says() -> None:
    draining, full, overloaded, emergency, unsupervised = (admission() for _ in range(5))
    draining.drain_deadline = 30.0
    full.limits = Limits(max_sessions=0)
    overloaded.overload = OverloadLevel.REFUSE
    emergency.emergency = unsupervised.unsupervised = True
    found = {}
    for name, each in {
        "draining": draining,
        "full": full,
        "overloaded": overloaded,
        "emergency": emergency,
        "unsupervised": unsupervised,
    }.items():
        row = await readiness(each, 0.0, stats_of("serving"))
        assert row["ready"] is False
        assert row["retry_after"] >= 1
        found[name] = row["cause"]
    assert all(name == cause for name, cause in found.items())


async def test_a_supervisor_that_does_not_answer_gets_no_new_customers() -> None:
    row = await readiness(admission(), 0.0, unavailable)
    assert (row["ready"], row["cause"]) == (False, "overloaded")


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_drain_is_told_at_once_and_its_end_too(daemon: Daemon, prefix: str) -> None:
    answer = ask(daemon, prefix + READY)
    assert (answer.status, answer.json) == (200, {"ready": True})
    assert daemon.ctl("drain", "--reason", "maintenance", "--deadline", "60s", "--yes").returncode == 0
    answer = ask(daemon, prefix + READY)
    assert answer.status == 503
    assert answer.json["cause"] == "draining"
    assert 1 <= answer.json["retry_after"] <= 60
    assert answer.headers["Retry-After"] == str(answer.json["retry_after"])
    # Alive all the same, for whoever would restart a daemon that is not.
    assert ask(daemon, prefix + "/virtual-household/health").status == 200
    assert daemon.ctl("resume").returncode == 0
    wait_until(lambda: ask(daemon, prefix + READY).status == 200, "ready again")


async def test_a_full_server_is_not_ready_until_there_is_room(daemon: Daemon) -> None:
    assert daemon.ctl("config", "set", f"limits.max_sessions={HOUSEHOLD_SESSIONS}").returncode == 0
    async with client(daemon, "alex", OldPage) as page:
        await page.opened()
        answer = ask(daemon, READY)
        assert (answer.status, answer.json) == (503, {"ready": False, "cause": "full", "retry_after": 10})
    wait_until(lambda: ask(daemon, READY).status == 200, "room again")


def test_the_row_of_a_session_says_why_it_would_be_refused_for_programs_too(daemon: Daemon) -> None:
    assert "refusal" not in ask(daemon, "/ws/virtual-household/alex?test_id=7").json
    assert daemon.ctl("drain", "--reason", "maintenance", "--deadline", "60s", "--yes").returncode == 0
    row = ask(daemon, "/ws/virtual-household/alex?test_id=7").json
    assert row["refused"].startswith("Draining; try again in ")
    assert row["refusal"]["cause"] == "draining"
    assert 1 <= row["refusal"]["retry_after"] <= 60
