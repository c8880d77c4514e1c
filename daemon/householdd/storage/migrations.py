"""Versions of the schema, as statements.

Plain SQL, so that a change of ``schema`` changes no earlier version. Alembic would add an environment and a command
line.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, inspect, select, text, update

from householdd.storage.schema import schema_version

Migration = tuple[str, ...]

ADVISORY_LOCK = 0x686F7573
"""For PostgreSQL: several machines may start with one database at once."""


class NewerSchemaError(Exception):
    """The database was made by a newer householdd."""


_SESSIONS_AND_RUNS: Migration = (
    "CREATE TABLE household_schema (version INTEGER NOT NULL)",
    """CREATE TABLE session (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        run_id VARCHAR(24),
        user_id TEXT NOT NULL,
        test_id TEXT NOT NULL,
        profile TEXT NOT NULL,
        server TEXT NOT NULL,
        worker TEXT NOT NULL,
        address TEXT,
        address_block TEXT,
        user_agent TEXT NOT NULL,
        opened_at DOUBLE PRECISION NOT NULL,
        closed_at DOUBLE PRECISION NOT NULL,
        day INTEGER NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        sent_bytes BIGINT NOT NULL,
        received_bytes BIGINT NOT NULL,
        target_download_bps DOUBLE PRECISION NOT NULL,
        target_upload_bps DOUBLE PRECISION NOT NULL,
        probe_failures INTEGER NOT NULL,
        round_trip_s DOUBLE PRECISION,
        tcp_round_trip_s DOUBLE PRECISION,
        tcp_min_round_trip_s DOUBLE PRECISION,
        tcp_retransmits BIGINT,
        tcp_delivery_rate_bps DOUBLE PRECISION,
        congestion_control TEXT
    )""",
    "CREATE INDEX ix_session_run_id ON session (run_id)",
    "CREATE INDEX session_closed_at ON session (closed_at, id)",
    """CREATE TABLE run (
        id VARCHAR(24) NOT NULL PRIMARY KEY,
        stored_at DOUBLE PRECISION NOT NULL,
        day INTEGER NOT NULL,
        ended_at DOUBLE PRECISION NOT NULL,
        session_id VARCHAR(36) NOT NULL,
        test_id TEXT NOT NULL,
        server TEXT NOT NULL,
        address TEXT,
        address_block TEXT,
        user_agent TEXT NOT NULL,
        client TEXT NOT NULL,
        client_version TEXT NOT NULL,
        valid BOOLEAN NOT NULL,
        grade TEXT,
        baseline_ms DOUBLE PRECISION,
        increase_p95_ms DOUBLE PRECISION,
        report TEXT NOT NULL
    )""",
    "CREATE INDEX run_stored_at ON run (stored_at, id)",
    """CREATE TABLE run_person (
        run_id VARCHAR(24) NOT NULL,
        who VARCHAR(32) NOT NULL,
        activity TEXT NOT NULL,
        score DOUBLE PRECISION,
        verdict TEXT NOT NULL,
        PRIMARY KEY (run_id, who)
    )""",
)

_WEBHOOK: Migration = (
    """CREATE TABLE webhook_outbox (
        run_id VARCHAR(24) NOT NULL PRIMARY KEY,
        queued_at DOUBLE PRECISION NOT NULL,
        due_at DOUBLE PRECISION NOT NULL,
        attempts INTEGER NOT NULL
    )""",
    "CREATE INDEX ix_webhook_outbox_due_at ON webhook_outbox (due_at)",
)

_SERVER_LIMITED: Migration = ("ALTER TABLE session ADD COLUMN server_limited BOOLEAN",)

_FAIR_RETENTION: Migration = (
    "ALTER TABLE run ADD COLUMN size INTEGER",
    """CREATE TABLE session_sum (
        hour INTEGER NOT NULL,
        profile TEXT NOT NULL,
        reason TEXT NOT NULL,
        day INTEGER NOT NULL,
        sessions BIGINT NOT NULL,
        session_s DOUBLE PRECISION NOT NULL,
        sent_bytes BIGINT NOT NULL,
        received_bytes BIGINT NOT NULL,
        PRIMARY KEY (hour, profile, reason)
    )""",
    """CREATE TABLE history_writer (
        server TEXT NOT NULL PRIMARY KEY,
        seen_at DOUBLE PRECISION NOT NULL
    )""",
    "CREATE INDEX session_network ON session (address_block, closed_at, id)",
    "CREATE INDEX run_network ON run (address_block, stored_at, id, size)",
)

_ATTRIBUTION: Migration = (
    "ALTER TABLE run ADD COLUMN cause TEXT",
    "ALTER TABLE run ADD COLUMN rate_cause TEXT",
    "ALTER TABLE run ADD COLUMN witness TEXT",
    "ALTER TABLE run ADD COLUMN kernel_baseline_ms DOUBLE PRECISION",
    "ALTER TABLE run ADD COLUMN kernel_increase_p95_ms DOUBLE PRECISION",
    "ALTER TABLE session ADD COLUMN client_limited BOOLEAN",
    "ALTER TABLE session ADD COLUMN server_overloaded BOOLEAN",
    "ALTER TABLE session ADD COLUMN tcp_receiver_limited DOUBLE PRECISION",
    "ALTER TABLE session ADD COLUMN tcp_round_trip_samples INTEGER",
    "ALTER TABLE session ADD COLUMN tcp_round_trip_p50_s DOUBLE PRECISION",
    "ALTER TABLE session ADD COLUMN tcp_round_trip_p95_s DOUBLE PRECISION",
    "ALTER TABLE session ADD COLUMN tcp_round_trip_p99_s DOUBLE PRECISION",
)

_STRETCHES: Migration = (
    "ALTER TABLE run ADD COLUMN stretches TEXT",
    "ALTER TABLE run ADD COLUMN hurting TEXT",
)

MIGRATIONS: tuple[Migration, ...] = (
    _SESSIONS_AND_RUNS,
    _WEBHOOK,
    _SERVER_LIMITED,
    _FAIR_RETENTION,
    _ATTRIBUTION,
    _STRETCHES,
)
"""The n-th makes version n. A released migration never changes."""


def migrate(connection: Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring the database to the last version, in the caller's transaction. Raise NewerSchemaError."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    found = 0
    if inspect(connection).has_table(schema_version.name):
        found = connection.scalar(select(func.max(schema_version.c.version))) or 0
    _refuse_newer(found, len(migrations))
    if found == len(migrations):
        return
    for migration in migrations[found:]:
        for statement in migration:
            connection.execute(text(statement))
    version = update(schema_version) if found else insert(schema_version)
    connection.execute(version.values(version=len(migrations)))


def check(connection: Connection) -> None:
    """Raise NewerSchemaError if a newer daemon has migrated the database."""
    _refuse_newer(connection.scalar(select(func.max(schema_version.c.version))) or 0, len(MIGRATIONS))


def _refuse_newer(found: int, known: int) -> None:
    if found > known:
        raise NewerSchemaError(
            f"the database has schema version {found}, and this householdd knows versions up to {known}; "
            "run the newer householdd, or name another database in history.url"
        )
