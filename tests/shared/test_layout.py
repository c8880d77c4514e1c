from __future__ import annotations

from householdd.shared.counters import SECRET_BYTES
from householdd.shared.layout import (
    heartbeat_of_supervisor,
    heartbeat_of_worker,
    sections,
    size,
    stopped_runs_of,
    used_tokens_of,
    views,
)

ROWS = [(2**64 - 1, 1.5e6, 0.0), (7, 1e9, 5e5)]


def test_sections_follow_each_other_and_fill_the_memory() -> None:
    found = sections(3)
    assert [each.start or 0 for each in found] == [0, *(each.stop for each in found[:-1])]
    assert found[-1].stop == size(3)


def test_counters_and_demand_share_the_memory_without_touching_each_other() -> None:
    memory = memoryview(bytearray(size(2)))
    (counters, demand), (other_counters, other_demand) = views(memory, 2, 0), views(memory, 2, 1)
    counters.seed(bytes(range(SECRET_BYTES)))
    demand.write(ROWS, 100.0)
    other_counters.opened([b"192.0.2.7"])
    other_demand.write(ROWS, 100.0)
    assert (counters.sessions(), list(demand.read(100.0))) == (1, ROWS * 2)


def test_workers_see_the_tokens_and_stops_of_each_other() -> None:
    memory = memoryview(bytearray(size(2)))
    assert used_tokens_of(memory, 2, 0).claim("token", b"run", 200.0, 100.0)
    assert not used_tokens_of(memory, 2, 1).is_free("token", b"other", 100.0)
    other = stopped_runs_of(memory, 2, 1)
    stopped_runs_of(memory, 2, 0).stop("192.0.2.7", "1")
    assert other.read_new().include("192.0.2.7", "1")


def test_each_process_has_a_heartbeat_of_its_own_that_the_others_see() -> None:
    memory = memoryview(bytearray(size(2)))
    heartbeat_of_worker(memory, 2, 1).beat()
    heartbeat_of_supervisor(memory, 2).beat()
    heartbeat_of_supervisor(memory, 2).beat()
    assert [heartbeat_of_worker(memory, 2, worker).count for worker in range(2)] == [0, 1]
    assert heartbeat_of_supervisor(memory, 2).count == 2
