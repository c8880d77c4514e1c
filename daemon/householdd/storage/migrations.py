"""The schema's versions, and the way from each to the next.

A list of functions and not Alembic: there are few tables, one way forward, and no environment beside the daemon that
would run migrations by hand.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, insert, inspect, select, text, update

from householdd.storage.schema import (
    metadata,
    outbox,
    people,
    run_network,
    runs,
    schema_version,
    session_network,
    session_sums,
    sessions,
    writers,
)

ADVISORY_LOCK = 0x686F7573
"""Key of PostgreSQL's advisory lock: several machines may start at the same time on the same database."""


class NewerSchemaError(Exception):
    """The database was made by a newer householdd."""


def _first(connection: Connection) -> None:
    metadata.create_all(connection, tables=[schema_version, sessions, runs, people])


def _second(connection: Connection) -> None:
    metadata.create_all(connection, tables=[outbox])


def _third(connection: Connection) -> None:
    _add_column(connection, sessions.name, "server_limited", "BOOLEAN")


def _fourth(connection: Connection) -> None:
    _add_column(connection, runs.name, "size", "INTEGER")
    metadata.create_all(connection, tables=[session_sums, writers])
    for index in (session_network, run_network):
        index.create(connection, checkfirst=True)


def _add_column(connection: Connection, table: str, column: str, kind: str) -> None:
    # The first migration makes the tables as they are now, in a database that is new.
    if not any(each["name"] == column for each in inspect(connection).get_columns(table)):
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} {kind}"))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first, _second, _third, _fourth)
"""The n-th makes version n + 1 out of version n; what was released never changes."""


def migrate(connection: Connection, migrations: tuple[Callable[[Connection], None], ...] = MIGRATIONS) -> None:
    """Brings the database to the last version, in the caller's transaction. Raises NewerSchemaError."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    found = 0
    if inspect(connection).has_table(schema_version.name):
        found = connection.scalar(select(func.max(schema_version.c.version))) or 0
    _refuse_newer(found, len(migrations))
    if found == len(migrations):
        return
    for migration in migrations[found:]:
        migration(connection)
    statement = update(schema_version) if found else insert(schema_version)
    connection.execute(statement.values(version=len(migrations)))


def check(connection: Connection) -> None:
    """Raises NewerSchemaError if another machine's newer daemon has brought the database further meanwhile."""
    _refuse_newer(connection.scalar(select(func.max(schema_version.c.version))) or 0, len(MIGRATIONS))


def _refuse_newer(found: int, known: int) -> None:
    if found > known:
        raise NewerSchemaError(
            f"the database has schema version {found}, and this householdd knows versions up to {known}; "
            "run the newer householdd, or name another database in history.url"
        )
