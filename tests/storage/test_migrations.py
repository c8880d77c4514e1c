from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL

from householdd.storage import migrations, reading, writing
from householdd.storage.engine import open_engine
from householdd.storage.schema import metadata
from tests.storage.samples import RUN, SESSION

VERSIONS = range(1, len(migrations.MIGRATIONS) + 1)

FIRST_ROWS = (
    """INSERT INTO session
        (id, user_id, test_id, profile, server, worker, user_agent, opened_at, closed_at, day, reason, detail,
        sent_bytes, received_bytes, target_download_bps, target_upload_bps, probe_failures)
        VALUES ('old', 'alex_42', '42', 'alex', 'speed-1', '0', 'Browser/1.0', 70, 100, 0, 'client_stopped', '',
        1, 2, 1.5, 0.75, 0)""",
    """INSERT INTO run
        (id, stored_at, day, ended_at, session_id, test_id, server, user_agent, client, client_version, valid, report)
        VALUES ('old', 100, 0, 99, 'old', '42', 'speed-1', 'Browser/1.0', 'page', '0.1.0', true, '{}')""",
    "INSERT INTO run_person (run_id, who, activity, verdict) VALUES ('old', 'alex', 'gaming', 'unknown')",
)
"""Rows with the columns of version 1."""


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    engine = open_engine(database)
    yield engine
    engine.dispose()


def shape(connection: Connection) -> dict[str, Any]:
    """Return columns, keys and indexes of all tables."""
    found = inspect(connection)
    return {
        name: (
            {
                each["name"]: (each["type"].python_type, getattr(each["type"], "length", None), each["nullable"])
                for each in found.get_columns(name)
            },
            found.get_pk_constraint(name)["constrained_columns"],
            {each["name"]: each["column_names"] for each in found.get_indexes(name)},
        )
        for name in found.get_table_names()
    }


def test_a_new_database_has_the_tables_of_the_schema(engine: Engine) -> None:
    with engine.begin() as connection:
        migrations.migrate(connection)
        migrated = shape(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert migrated == shape(connection)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_of_each_version_becomes_one_of_the_last_and_keeps_its_rows(engine: Engine, version: int) -> None:
    with engine.begin() as connection:
        migrations.migrate(connection, migrations.MIGRATIONS[:version])
        for statement in FIRST_ROWS:
            connection.execute(text(statement))
    with engine.begin() as connection:
        migrations.migrate(connection)
        writing.write(connection, [SESSION, RUN], 0.0)
    with engine.begin() as connection:
        session, old_session = reading.session_page(connection, [], None, 10)
        run, old_run = reading.run_page(connection, [], None, 10)
        assert (session, run) == (SESSION, RUN)
        assert (old_session.id, old_session.closed_at, old_session.server_limited) == ("old", 100, None)
        assert (old_run.id, old_run.valid, [each.who for each in old_run.people]) == ("old", True, ["alex"])
        migrated = shape(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert migrated == shape(connection)


def test_each_migration_runs_once(engine: Engine) -> None:
    later = (*migrations.MIGRATIONS, ("CREATE TABLE second (x INTEGER)",), ("CREATE TABLE third (x INTEGER)",))
    for _ in range(2):
        with engine.begin() as connection:
            migrations.migrate(connection, later[:-1])
    for _ in range(2):
        with engine.begin() as connection:
            migrations.migrate(connection, later)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version FROM household_schema")) == len(later)
        assert {"second", "third"} <= set(inspect(connection).get_table_names())


def test_a_newer_database_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        migrations.migrate(connection, (*migrations.MIGRATIONS, ("CREATE TABLE later (x INTEGER)",)))
    last = len(migrations.MIGRATIONS)
    with engine.connect() as connection:
        for refuse in (migrations.migrate, migrations.check):
            with pytest.raises(migrations.NewerSchemaError, match=f"version {last + 1}, .* versions up to {last};"):
                refuse(connection)
