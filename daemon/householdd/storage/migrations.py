"""The schema's versions, and the way from each to the next.

A list of functions and not Alembic: there are few tables, one way forward, and no environment beside the daemon that
would run migrations by hand.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, insert, inspect, select, text, update

from householdd.storage.schema import metadata, outbox, people, runs, schema_version, sessions

LOCK = 0x686F7573
"""Key of PostgreSQL's advisory lock: several machines may start at the same time on the same database."""


class NewerSchemaError(Exception):
    """The database was made by a newer householdd."""


def _first(connection: Connection) -> None:
    metadata.create_all(connection, tables=[schema_version, sessions, runs, people])


def _second(connection: Connection) -> None:
    metadata.create_all(connection, tables=[outbox])


def _third(connection: Connection) -> None:
    # The first makes the tables as they are now, in a database that is new.
    if not any(each["name"] == "server_limited" for each in inspect(connection).get_columns(sessions.name)):
        connection.execute(text(f"ALTER TABLE {sessions.name} ADD COLUMN server_limited BOOLEAN"))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first, _second, _third)
"""The n-th makes version n + 1 out of version n; what was released never changes."""


def migrate(connection: Connection, migrations: tuple[Callable[[Connection], None], ...] = MIGRATIONS) -> None:
    """Brings the database to the last version, in the caller's transaction. Raises NewerSchemaError."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    found = 0
    if inspect(connection).has_table(schema_version.name):
        found = connection.scalar(select(func.max(schema_version.c.version))) or 0
    if found > len(migrations):
        raise NewerSchemaError(
            f"the database has schema version {found}, and this householdd knows versions up to {len(migrations)}; "
            "run the newer householdd, or name another database in history.url"
        )
    if found == len(migrations):
        return
    for migration in migrations[found:]:
        migration(connection)
    statement = update(schema_version) if found else insert(schema_version)
    connection.execute(statement.values(version=len(migrations)))
