"""The tables that ``migrations`` makes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

schema_version = Table("household_schema", metadata, Column("version", Integer, nullable=False))

sessions = Table(
    "session",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("run_id", String(24), index=True),
    Column("user_id", Text, nullable=False),
    Column("test_id", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("address", Text),
    Column("address_block", Text),
    Column("user_agent", Text, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("closed_at", Double, nullable=False),
    # Days since 1970: SQLite and PostgreSQL have no common function for it.
    Column("day", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("target_download_bps", Double, nullable=False),
    Column("target_upload_bps", Double, nullable=False),
    Column("probe_failures", Integer, nullable=False),
    Column("round_trip_s", Double),
    Column("tcp_round_trip_s", Double),
    Column("tcp_min_round_trip_s", Double),
    Column("tcp_retransmits", BigInteger),
    Column("tcp_delivery_rate_bps", Double),
    Column("congestion_control", Text),
    Column("server_limited", Boolean),
    # NULL for sessions of schema version 4 and earlier.
    Column("client_limited", Boolean),
    Column("server_overloaded", Boolean),
    Column("tcp_receiver_limited", Double),
    Column("tcp_round_trip_samples", Integer),
    Column("tcp_round_trip_p50_s", Double),
    Column("tcp_round_trip_p95_s", Double),
    Column("tcp_round_trip_p99_s", Double),
)

runs = Table(
    "run",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("stored_at", Double, nullable=False),
    Column("day", Integer, nullable=False),
    Column("ended_at", Double, nullable=False),
    Column("session_id", String(36), nullable=False),
    Column("test_id", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("address", Text),
    Column("address_block", Text),
    Column("user_agent", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("client_version", Text, nullable=False),
    Column("valid", Boolean, nullable=False),
    Column("grade", Text),
    Column("baseline_ms", Double),
    Column("increase_p95_ms", Double),
    Column("report", Text, nullable=False),
    # Bytes; NULL for runs of schema version 3 and earlier.
    Column("size", Integer),
    # NULL for runs of schema version 4 and earlier.
    Column("cause", Text),
    Column("rate_cause", Text),
    Column("witness", Text),
    Column("kernel_baseline_ms", Double),
    Column("kernel_increase_p95_ms", Double),
    # NULL for runs without stretches.
    Column("stretches", Text),
    Column("hurting", Text),
)

people = Table(
    "run_person",
    metadata,
    Column("run_id", String(24), primary_key=True),
    Column("who", String(32), primary_key=True),
    Column("activity", Text, nullable=False),
    Column("score", Double),
    Column("verdict", Text, nullable=False),
)

outbox = Table(
    "webhook_outbox",
    metadata,
    Column("run_id", String(24), primary_key=True),
    Column("queued_at", Double, nullable=False),
    Column("due_at", Double, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
)

session_sums = Table(
    "session_sum",
    metadata,
    # Hours since 1970.
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("profile", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("sessions", BigInteger, nullable=False),
    Column("session_s", Double, nullable=False),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
)
"""Sessions that were too short for a row."""

writers = Table(
    "history_writer",
    metadata,
    Column("server", Text, primary_key=True),
    # Unix time of this server's last write with a trusted clock.
    Column("seen_at", Double, nullable=False),
)

# The id makes the order total.
Index("session_closed_at", sessions.c.closed_at, sessions.c.id)
Index("run_stored_at", runs.c.stored_at, runs.c.id)
# Counts a network's rows without reading them.
Index("session_network", sessions.c.address_block, sessions.c.closed_at, sessions.c.id)
Index("run_network", runs.c.address_block, runs.c.stored_at, runs.c.id, runs.c.size)
