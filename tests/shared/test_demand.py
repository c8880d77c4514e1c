from __future__ import annotations

from householdd.shared.demand import DEMAND_TTL_S, SharedDemand, size

ROWS = [(2**64 - 1, 1.5e6, 0.0), (7, 1e9, 5e5)]


def of(workers: int) -> list[SharedDemand]:
    """The workers' views of one memory."""
    memory = memoryview(bytearray(size(workers)))
    return [SharedDemand(memory, worker) for worker in range(workers)]


def test_every_worker_sees_what_the_sessions_of_all_want() -> None:
    one, two = of(2)
    one.write(ROWS, 100.0)
    two.write([(9, 2.0, 3.0)], 100.1)
    assert list(one.read(100.2)) == list(two.read(100.2)) == [*ROWS, (9, 2.0, 3.0)]
    one.write(ROWS[1:], 100.3)
    assert list(two.read(100.3)) == [ROWS[1], (9, 2.0, 3.0)]


def test_a_worker_that_stands_still_or_is_gone_wants_nothing() -> None:
    one, two, three = of(3)
    one.write(ROWS, 100.0)
    two.write(ROWS, 100.0 + DEMAND_TTL_S)
    three.write(ROWS, 100.0 + DEMAND_TTL_S)
    one.clear(2)
    assert list(one.read(100.0 + DEMAND_TTL_S)) == ROWS
