"""Pruning with both kinds of database: which rows, when, and the shares of networks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.engine import URL

from householdd.measure.clock_trust import ClockReading
from householdd.storage import migrations, pruning, reading, totals, writing
from householdd.storage.engine import make_file, open_engine
from householdd.storage.pruning import Bounds, prune
from householdd.storage.retention import INTERVAL_S, Pruner, Retention
from householdd.storage.rows import Item
from householdd.storage.schema import runs, sessions
from householdd.storage.store import Store
from tests.daemon import wait_until
from tests.storage.samples import NOW, STRETCHES, run, session

DAY = 86400.0
PLENTY = Bounds(max_rows=10**9, max_bytes=10**15)


class Clocks:
    """Both clocks, set by the test."""

    def __init__(self, wall: float = NOW) -> None:
        self.wall, self.boot = wall, 1000.0

    def __call__(self) -> ClockReading:
        return ClockReading(self.wall, self.boot)

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    make_file(database)
    engine = open_engine(database)
    with engine.begin() as connection:
        migrations.migrate(connection)
    yield engine
    engine.dispose()


def keep(engine: Engine, *items: Item, min_session_s: float = 0.0) -> None:
    with engine.begin() as connection:
        writing.write(connection, items, min_session_s)


def keeper_pass(keeper: Pruner, engine: Engine) -> None:
    """Run one pass completely."""
    keeper.step(engine)
    while keeper._pass is not None:
        keeper.step(engine)


def kept(engine: Engine) -> tuple[int, int]:
    """Sessions and runs."""
    with engine.connect() as connection:
        found = [connection.scalar(select(func.count()).select_from(table)) or 0 for table in (sessions, runs)]
    return found[0], found[1]


def by_network(engine: Engine) -> Counter[str]:
    """Rows of both tables."""
    with engine.connect() as connection:
        blocks = [
            *(row.address_block for row in reading.session_page(connection, [], None, 10**6)),
            *(row.address_block for row in reading.run_page(connection, [], None, 10**6)),
        ]
    return Counter(map(str, blocks))


def crowd(count: int, block: str | None, first: int = 0, closed_at: float = NOW) -> list[Item]:
    """Return sessions of a network, oldest first, a second apart."""
    return [
        session(first + number, address_block=block, closed_at=closed_at - count + number) for number in range(count)
    ]


def test_a_flood_from_few_networks_pushes_out_no_row_of_others(engine: Engine) -> None:
    floods = [item for place in range(3) for item in crowd(200, f"203.0.{place}.0/24", first=1000 * place)]
    honest = [item for place in range(20) for item in crowd(3, f"192.0.{place}.0/24", 10_000 + 10 * place, NOW - 5000)]
    keep(engine, *honest, *floods)
    assert sum(prune(engine, Bounds(150, 10**9), None, None)) == 660 - 150
    left = by_network(engine)
    assert [left[f"192.0.{place}.0/24"] for place in range(20)] == [3] * 20
    assert [left[f"203.0.{place}.0/24"] for place in range(3)] == [30] * 3
    with engine.connect() as connection:
        oldest = connection.scalar(
            select(func.min(sessions.c.closed_at)).where(sessions.c.address_block == "203.0.0.0/24")
        )
    # Of its own rows a network gives the oldest.
    assert oldest == NOW - 30


@pytest.mark.parametrize("block", ["192.0.2.0/24", None])
def test_where_there_is_one_network_or_no_address_the_oldest_go(engine: Engine, block: str | None) -> None:
    keep(engine, *crowd(50, block))
    assert sum(prune(engine, Bounds(10, 10**9), None, None)) == 40
    with engine.connect() as connection:
        assert connection.scalar(select(func.min(sessions.c.closed_at))) == NOW - 10


def test_the_bound_in_bytes_takes_from_the_network_with_the_most(engine: Engine) -> None:
    report = '{"type":"run_report","pad":"' + "x" * 14_000 + '"}'
    run_bytes = len(report) + len(msgspec.json.encode(STRETCHES)) + writing.RUN_OVERHEAD_BYTES
    flood = [
        run(number, address_block="203.0.113.0/24", stored_at=NOW - number, report=report) for number in range(100)
    ]
    honest = [
        run(1000 + each, address_block=f"192.0.{each}.0/24", stored_at=NOW - 5000, report=report) for each in range(5)
    ]
    keep(engine, *flood, *honest, *crowd(20, "192.0.1.0/24"))
    assert sum(prune(engine, Bounds(10**6, 500_000), None, None)) > 0
    left = by_network(engine)
    assert all(left[f"192.0.{each}.0/24"] == 1 + 20 * (each == 1) for each in range(5))
    # What is left of the bound when the others have theirs.
    assert left["203.0.113.0/24"] == (500_000 - 5 * run_bytes - 20 * pruning.SESSION_BYTES) // run_bytes


def test_a_run_from_before_its_size_was_kept_counts_as_a_usual_one(engine: Engine) -> None:
    keep(engine, *(run(number, stored_at=NOW - number) for number in range(10)))
    with engine.begin() as connection:
        connection.execute(runs.update().values(size=None))
    assert sum(prune(engine, Bounds(1000, 3 * pruning.OLD_RUN_BYTES), None, None)) == 7


def test_what_fits_stays(engine: Engine) -> None:
    keep(engine, *crowd(10, "192.0.2.0/24"), run(1))
    assert sum(prune(engine, PLENTY, NOW - DAY, NOW + DAY)) == 0
    assert kept(engine) == (10, 1)


def test_a_transaction_deletes_a_few_rows_and_others_write_and_read_in_between(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH_SIZE", 50)
    keep(engine, *crowd(400, "203.0.113.0/24", closed_at=NOW - 100 * DAY), *crowd(600, "192.0.2.0/24", 1000))
    steps = prune(engine, Bounds(100, 10**9), NOW - DAY, None)
    seen = []
    for number, deleted in enumerate(steps):
        assert deleted <= 50
        keep(engine, session(5000 + number, address_block="198.51.100.0/24"))
        seen.append(sum(kept(engine)))
    assert len(seen) >= 18
    assert seen[0] == 951
    assert by_network(engine)["198.51.100.0/24"] == len(seen)


def test_a_store_writes_what_comes_between_two_steps_of_a_long_pass(
    database: URL, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH_SIZE", 10)
    keep(engine, *crowd(300, "203.0.113.0/24", closed_at=time.time() - 100 * DAY), session(999, closed_at=time.time()))
    left_when_written: list[int] = []
    store = Store(database, Retention(days=90, most=1000))
    deletions = iter(range(1000))

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM session WHERE") and next(deletions) == 2:
            written = store.put_run(run(1, stored_at=time.time()))
            assert written is not None
            written.add_done_callback(lambda _: left_when_written.append(kept(engine)[0]))

    event.listen(store.engine, "before_cursor_execute", count)
    store.start()
    try:
        wait_until(lambda: kept(engine) == (1, 1), "all that is old is pruned")
    finally:
        store.close(10)
    # A step more or less: the run came in the midst of one.
    assert left_when_written
    assert left_when_written[0] >= 250


SHORT = {"opened_at": NOW - 1, "closed_at": NOW}


@pytest.mark.parametrize("reason", sorted(writing.CLIENT_REASONS))
def test_short_sessions_that_clients_end_are_kept_in_sums_and_counted(engine: Engine, reason: str) -> None:
    long = session(1, reason=reason)
    keep(engine, long, *(session(10 + each, reason=reason, **SHORT) for each in range(30)), min_session_s=3)
    keep(engine, *(session(50 + each, reason=reason, profile="jake", **SHORT) for each in range(5)), min_session_s=3)
    assert kept(engine) == (1, 0)
    with engine.connect() as connection:
        for grouping, expected in {
            "all": {"": 36},
            "day": {"2026-11-18": 36},
            "profile": {"alex": 31, "jake": 5},
            "reason": {reason: 36},
            # Sums know no network.
            "address_block": {"": 35, "192.0.2.0/24": 1},
        }.items():
            groups = totals.groups(connection, grouping, None, None)  # type: ignore[arg-type]  # the words of Grouping
            assert {each.key: each.sessions for each in groups} == expected
        (group,) = totals.groups(connection, "all", NOW - 3600, NOW + 3600)
        assert (group.session_s, group.sent_bytes) == (30 + 35, 36 * long.sent_bytes)
        assert totals.groups(connection, "all", NOW + 7200, None) == []
        assert totals.groups(connection, "all", None, NOW - 7200) == []


def test_short_sessions_that_the_server_ended_or_a_run_has_keep_their_rows(engine: Engine) -> None:
    keep(engine, session(1, reason="killed", **SHORT), session(2, run_id="a" * 24, **SHORT), min_session_s=3)
    assert kept(engine) == (2, 0)


def test_a_session_that_was_taken_for_lost_counts_once(engine: Engine) -> None:
    keep(engine, session(1, reason="worker_lost", **SHORT), min_session_s=3)
    keep(engine, session(1, reason="client_closed", **SHORT), min_session_s=3)
    with engine.connect() as connection:
        (group,) = totals.groups(connection, "all", None, None)
    assert group.sessions == 1


def test_sums_are_deleted_when_they_are_too_old(engine: Engine) -> None:
    old = {"opened_at": NOW - 10 * DAY - 1, "closed_at": NOW - 10 * DAY}
    keep(engine, session(1, **old), session(2, **SHORT), min_session_s=3)
    assert sum(prune(engine, PLENTY, NOW - 5 * DAY, None)) == 1
    with engine.connect() as connection:
        assert [each.sessions for each in totals.groups(connection, "all", None, None)] == [1]


RECENT = [*crowd(5, "192.0.2.0/24"), run(1)]


@pytest.mark.parametrize("earlier", ["a daemon that knew the time", "a database without it"])
def test_a_start_with_a_clock_100_days_ahead_deletes_nothing(engine: Engine, earlier: str) -> None:
    keep(engine, *RECENT)
    if earlier == "a daemon that knew the time":
        with engine.begin() as connection:
            Pruner(Retention(90, 1000), "speed-1", Clocks(NOW + 60)).note_written(connection)
    for start in range(3):
        clocks = Clocks(NOW + 100 * DAY + start * 600)
        keeper = Pruner(Retention(90, 1000), "speed-1", clocks)
        for _ in range(20):
            keeper_pass(keeper, engine)
            # What is written meanwhile does not make the clock right.
            keep(engine, session(900 + start, closed_at=clocks.wall, opened_at=clocks.wall - 30))
            with engine.begin() as connection:
                keeper.note_written(connection)
            clocks.pass_time(INTERVAL_S)
        assert "100.0 days ahead of the last time written (2026-11-18" in keeper.warnings[0]
    assert kept(engine) == (5 + 3, 1)


def test_a_clock_that_is_right_after_a_wrong_start_deletes_what_is_old_and_tells_of_the_future(engine: Engine) -> None:
    keep(engine, *RECENT, *crowd(4, "192.0.2.0/24", 50, NOW - 91 * DAY))
    keep(engine, session(900, closed_at=NOW + 100 * DAY, opened_at=NOW + 100 * DAY - 30))
    keeper = Pruner(Retention(90, 1000), "speed-1", Clocks(NOW + 60))
    with engine.begin() as connection:
        writing.write_seen(connection, "speed-1", NOW)
    keeper_pass(keeper, engine)
    assert kept(engine) == (5 + 1, 1)
    (warning,) = keeper.warnings
    assert warning == (
        "1 sessions and 0 runs are dated in the future, up to 2027-02-26 11:06 UTC, and listed first: "
        "a clock was wrong when they were written"
    )


def test_what_is_dated_in_the_future_gives_before_what_is_not(engine: Engine) -> None:
    keep(engine, *crowd(10, "192.0.2.0/24"), *crowd(3, "192.0.2.0/24", 100, NOW + 50 * DAY))
    assert sum(prune(engine, Bounds(10, 10**9), None, NOW + DAY)) == 3
    with engine.connect() as connection:
        assert connection.scalar(select(func.max(sessions.c.closed_at))) < NOW


@pytest.mark.parametrize("step", [100 * DAY, 10_000 * DAY])
def test_a_clock_that_jumps_while_running_deletes_nothing_until_it_is_back(engine: Engine, step: float) -> None:
    clocks = Clocks()
    keeper = Pruner(Retention(90, 1000), "speed-1", clocks)
    keep(engine, *RECENT)
    keeper_pass(keeper, engine)
    clocks.wall += step
    for _ in range(5):
        clocks.pass_time(INTERVAL_S)
        keeper_pass(keeper, engine)
        assert kept(engine) == (5, 1)
        assert keeper.warnings
    clocks.wall -= step
    clocks.pass_time(INTERVAL_S)
    keeper_pass(keeper, engine)
    assert keeper.warnings == ()


def test_a_machine_that_was_off_for_100_days_deletes_after_a_day(engine: Engine) -> None:
    keep(engine, *RECENT)
    clocks = Clocks(NOW + 100 * DAY)
    keeper = Pruner(Retention(90, 1000), "speed-1", clocks)
    keeper_pass(keeper, engine)
    assert kept(engine) == (5, 1)
    clocks.pass_time(DAY)
    keeper_pass(keeper, engine)
    assert kept(engine) == (0, 0)
    assert keeper.warnings == ()


def test_the_bounds_hold_whatever_the_clock_says(engine: Engine) -> None:
    keep(engine, *crowd(50, "192.0.2.0/24"))
    keeper = Pruner(Retention(days=90, most=10), "speed-1", Clocks(NOW + 100 * DAY))
    keeper_pass(keeper, engine)
    assert kept(engine) == (10, 0)
