from __future__ import annotations

from pathlib import Path

from google.protobuf.duration_pb2 import Duration

from household.v1 import server_service_pb2 as pb
from householdd.supervisor.worker_calls import WorkerHandle


def server(pid: int, uptime: int, opened: int) -> pb.Server:
    return pb.Server(
        workers=[pb.Worker(pid=pid)], uptime=Duration(seconds=uptime), totals=pb.Totals(sessions_opened=opened)
    )


def test_an_answer_that_another_overtook_does_not_turn_counts_back() -> None:
    worker = WorkerHandle("0", Path("nowhere"))
    worker.pid = 7
    worker.heard(server(7, 20, 5))
    worker.heard(server(7, 19, 4))
    assert worker.latest is not None
    assert worker.latest.totals.sessions_opened == 5


def test_an_answer_that_comes_after_the_end_of_its_process_is_not_counted_again() -> None:
    worker = WorkerHandle("0", Path("nowhere"))
    worker.pid = 7
    last = server(7, 20, 5)
    worker.heard(last)
    worker.pid = 0
    worker.retire()
    worker.heard(last)
    assert worker.latest is None
    worker.pid = 8
    worker.heard(last)
    assert worker.latest is None
    assert worker.past.sessions_opened == 5
