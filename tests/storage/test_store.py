"""The store with both kinds of database, also while the database is away."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from householdd.storage import migrations, reading, store
from householdd.storage.engine import UrlError, file_url, open_engine, parse_url
from householdd.storage.retention import Retention
from householdd.storage.rows import Item, RunLink, RunRow, SessionRow
from householdd.storage.store import Store
from tests.daemon import TIMEOUT_S, wait_until
from tests.postgresql import Cluster
from tests.storage.samples import NOW, RUN, SESSION, run, session

FOREVER = Retention(days=36500, most=1_000_000)


@contextmanager
def writing(
    database: URL, *first: Item, retention: Retention = FOREVER, last_chance: float = TIMEOUT_S
) -> Iterator[Store]:
    """Run a store that writes ``first`` in one batch; close it with a deadline of ``last_chance`` seconds."""
    made = Store(database, retention)
    for item in first:
        assert made.put(item)
    made.start()
    try:
        yield made
    finally:
        made.close(last_chance)


def settled(it: Store) -> None:
    wait_until(lambda: it.status().waiting == 0, "the queue is empty")


def kept_sessions(database: URL) -> list[SessionRow]:
    engine = open_engine(database)
    with engine.connect() as connection:
        found = reading.session_page(connection, [], None, 1000)
    engine.dispose()
    return found


def kept_runs(database: URL) -> list[RunRow]:
    engine = open_engine(database)
    with engine.connect() as connection:
        found = reading.run_page(connection, [], None, 1000)
    engine.dispose()
    return found


def test_what_goes_in_comes_out(database: URL) -> None:
    with writing(database) as it:
        assert it.put(SESSION)
        assert it.put(RUN)
    assert kept_sessions(database) == [SESSION]
    assert kept_runs(database) == [RUN]


def test_a_run_gets_the_sessions_that_ended_before_it(database: URL) -> None:
    with writing(database) as it:
        it.put(session(1))
        settled(it)
        it.put(session(2, run_id=RUN.id))
        it.put(RUN)
        it.put(RunLink(RUN.id, (session(1).id,)))
    engine = open_engine(database)
    with engine.connect() as connection:
        assert [each.id for each in reading.sessions_of(connection, RUN.id)] == [session(1).id, session(2).id]
    engine.dispose()


def test_the_later_word_on_a_session_counts_and_its_run_stays(database: URL) -> None:
    lost = session(1, reason="worker_lost", sent_bytes=0, run_id=RUN.id)
    with writing(database) as it:
        it.put(lost)
        settled(it)
        it.put(session(1))
        it.put(session(1, reason="client_closed"))
    (found,) = kept_sessions(database)
    assert (found.reason, found.run_id, found.sent_bytes) == ("client_closed", RUN.id, SESSION.sent_bytes)


def test_writing_the_same_twice_is_harmless(database: URL) -> None:
    with writing(database) as it:
        for _ in range(2):
            it.put(SESSION)
            it.put(RUN)
            settled(it)
    assert kept_sessions(database) == [SESSION]
    assert kept_runs(database) == [RUN]


def test_lists_are_newest_first_and_go_on_where_a_page_ended(database: URL) -> None:
    with writing(database) as it:
        for number in range(5):
            # Two end at the same time: the id decides.
            it.put(session(number, closed_at=NOW + number // 2))
    engine = open_engine(database)
    with engine.connect() as connection:
        first = reading.session_page(connection, [], None, 2)
        second = reading.session_page(connection, [], (first[-1].closed_at, first[-1].id), 9)
    engine.dispose()
    assert [each.id[-1] for each in (*first, *second)] == ["4", "3", "2", "1", "0"]


def test_what_is_too_old_and_what_is_too_much_goes(database: URL) -> None:
    now = time.time()
    days = 86400
    ages = [11 * days, 1, 2, 3, 4, 5]
    sessions = [session(number, closed_at=now - age) for number, age in enumerate(ages)]
    runs = [run(number, stored_at=now - age) for number, age in enumerate(ages)]
    with writing(database, *sessions, *runs, retention=Retention(days=10, most=3)) as it:
        settled(it)
        wait_until(lambda: len(kept_runs(database)) == 3, "it is pruned")
    assert [each.id[-1] for each in kept_sessions(database)] == ["1", "2", "3"]
    assert [int(each.id, 16) for each in kept_runs(database)] == [1, 2, 3]
    engine = open_engine(database)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM run_person")) == 6
    engine.dispose()


def test_a_newer_schema_is_left_alone(database: URL) -> None:
    with writing(database):
        pass
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE household_schema SET version = 99"))
    with writing(database, SESSION, last_chance=0) as it:
        wait_until(lambda: it.status().problem, "it says so")
        known = len(migrations.MIGRATIONS)
        assert it.status().problem == (
            f"the database has schema version 99, and this householdd knows versions up to {known}; "
            "run the newer householdd, or name another database in history.url"
        )
        assert it.status().waiting == 1
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM session")) == 0
    engine.dispose()


def test_postgresql_away_and_back(postgresql: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FIRST_BACKOFF_S", 0.05)
    database = parse_url(postgresql.create())
    with writing(database) as it:
        it.put(session(1))
        settled(it)
        postgresql.stop()
        try:
            it.put(session(2))
            wait_until(lambda: it.status().problem, "it says so")
            it.put(session(3))
            assert it.status().waiting == 2
        finally:
            postgresql.start()
        settled(it)
        status = it.status()
        assert (status.problem, status.written, status.dropped) == ("", 3, 0)
    assert len(kept_sessions(database)) == 3


def test_a_folder_in_the_files_place_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FIRST_BACKOFF_S", 0.05)
    path = tmp_path / "history.db"
    with writing(file_url(path)) as it:
        it.put(session(1))
        settled(it)
        path.unlink()
        path.mkdir()
        it.put(session(2))
        wait_until(lambda: it.status().problem, "it says so")
        it.put(RUN)
        assert it.waiting_run(RUN.id) == RUN
        path.rmdir()
        settled(it)
        assert it.waiting_run(RUN.id) is None
        assert it.status().problem == ""
    assert [each.id for each in kept_sessions(file_url(path))] == [session(2).id]
    assert kept_runs(file_url(path)) == [RUN]


def test_a_damaged_file_is_reported_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"this is no database" * 1000)
    with writing(file_url(path), SESSION, last_chance=0) as it:
        wait_until(lambda: it.status().problem == "file is not a database", "it says so")
    assert path.read_bytes().startswith(b"this is no database")


def test_a_full_queue_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_WAITING", 3)
    monkeypatch.setattr(store, "MAX_RUNS_WAITING", 1)
    it = Store(file_url(tmp_path / "history.db"), FOREVER)
    assert [it.put(run(number)) for number in range(2)] == [True, False]
    assert [it.put(session(number)) for number in range(3)] == [True, True, False]
    it.start()
    settled(it)
    assert (it.status().written, it.status().dropped) == (3, 2)
    it.close(TIMEOUT_S)


def test_an_item_that_the_database_refuses_holds_up_no_other(postgresql: Cluster) -> None:
    database = parse_url(postgresql.create())
    # PostgreSQL takes no zero byte in a text.
    with writing(database, session(1), session(2, detail="\0"), session(3)) as it:
        settled(it)
    assert it.status().dropped == 1
    assert [each.id[-1] for each in kept_sessions(database)] == ["3", "1"]


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    database = file_url(tmp_path / "state" / "history.db")
    with writing(database) as it:
        it.put(SESSION)
        settled(it)
    assert (tmp_path / "state" / "history.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    with sqlite3.connect(tmp_path / "state" / "history.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite:///relative.db", "sqlite://", "history.db", ""])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(UrlError, match="write postgresql://"):
        parse_url(url)


def test_an_idle_store_notices_within_an_interval_that_its_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CHECK_INTERVAL_S", 0.1)
    monkeypatch.setattr(store, "FIRST_BACKOFF_S", 0.05)
    path = tmp_path / "history.db"
    with writing(file_url(path)) as it:
        wait_until(path.exists, "the file")
        wait_until(lambda: not it.status().problem, "it writes")
        for each in tmp_path.glob("history.db*"):
            each.unlink(missing_ok=True)
        path.mkdir()
        wait_until(lambda: it.status().problem_kind == "unreachable", "it notices")
        assert it.status().failing_since is not None
        assert it.status().waiting == 0
        path.rmdir()
        wait_until(lambda: not it.status().problem, "it is back")
        assert it.status().failing_since is None


def test_an_idle_store_notices_a_schema_that_another_machine_made_newer(
    database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CHECK_INTERVAL_S", 0.1)
    with writing(database, SESSION) as it:
        settled(it)
        engine = open_engine(database)
        with engine.begin() as connection:
            connection.execute(text("UPDATE household_schema SET version = 99"))
        engine.dispose()
        wait_until(lambda: it.status().problem_kind == "newer_schema", "it notices")


def test_an_idle_store_notices_a_standby_that_takes_no_writes(
    postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CHECK_INTERVAL_S", 0.1)
    url = postgresql.create()
    database = parse_url(url)
    name = str(database.database)
    with writing(database, SESSION) as it:
        settled(it)
        with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            wait_until(lambda: it.status().problem_kind == "read_only", "it notices")
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
        wait_until(lambda: not it.status().problem, "it is back")


def test_a_store_that_cannot_write_and_has_nothing_to_write_is_closed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.mkdir()
    # Longer than a test may take.
    with writing(file_url(path), last_chance=3600):
        pass


def test_a_database_that_does_not_answer_counts_as_failing(
    postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CHECK_INTERVAL_S", 0.1)
    monkeypatch.setattr(store, "ANSWER_PATIENCE_S", 0.2)
    database = parse_url(postgresql.create())
    with writing(database, SESSION) as it:
        settled(it)
        with psycopg.connect(postgresql.url(str(database.database))) as connection:
            connection.execute("LOCK TABLE history_writer, session")
            wait_until(lambda: it.status().problem, "it notices")
            status = it.status()
            assert "has not answered for" in status.problem
            assert (status.problem_kind, status.failing_since is None) == ("unreachable", False)
        wait_until(lambda: not it.status().problem, "it is back")


def test_a_run_is_told_to_be_written_once_it_is_and_not_to_be_when_it_was_refused(database: URL) -> None:
    it = Store(database, FOREVER)
    good, bad = it.put_run(run(1)), it.put_run(run(2, client=None))
    assert good is not None
    assert bad is not None
    assert not good.done()
    it.start()
    try:
        assert good.result(TIMEOUT_S) is True
        assert bad.result(TIMEOUT_S) is False
        assert [each.id for each in kept_runs(database)] == [run(1).id]
    finally:
        it.close(1)


DOCUMENTED = (Path(__file__).parents[2] / "docs" / "history.md").read_text()


def test_the_documented_role_and_database_work_and_a_role_that_owns_nothing_is_refused(postgresql: Cluster) -> None:
    statements = next(each for each in re.findall(r"```sql\n(.*?)```", DOCUMENTED, re.DOTALL) if "CREATE ROLE" in each)
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
        for statement in statements.split(";")[:-1]:
            connection.execute(statement)
        connection.execute("CREATE ROLE stranger LOGIN")
    owned = postgresql.url("household").replace("postgres@", "householdd@")
    with writing(parse_url(owned), SESSION) as it:
        settled(it)
    assert len(kept_sessions(parse_url(owned))) == 1
    foreign = postgresql.create().replace("postgres@", "stranger@")
    with writing(parse_url(foreign), SESSION, last_chance=0) as it:
        wait_until(lambda: it.status().problem, "it says so")
        assert "permission denied for schema public" in it.status().problem
        assert it.status().problem_kind == "denied"
