"""Opening the database."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from householdd.storage import networks

CONNECT_TIMEOUT_S = 10
"""Of a connection or a lock, in seconds."""

STATEMENT_TIMEOUT_S = 60
"""In seconds; the first pruning may take long."""


class UrlError(ValueError):
    """The message says what is allowed."""


def parse_url(text: str) -> URL:
    """Parse ``postgresql://USER@HOST/NAME`` or ``sqlite:////FILE``. Raise UrlError."""
    allowed = "write postgresql://USER:PASSWORD@HOST/NAME or sqlite:////ABSOLUTE/FILE"
    try:
        url = make_url(text)
    except ArgumentError:
        raise UrlError(allowed) from None
    match url.drivername:
        case "postgresql" | "postgresql+psycopg":
            return url.set(drivername="postgresql+psycopg")
        case "sqlite" if url.database and Path(url.database).is_absolute():
            return url
        case _:
            raise UrlError(allowed)


def file_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.absolute()))


def open_engine(url: URL) -> Engine:
    """Return an engine, without connecting."""
    if url.get_backend_name() == "sqlite":
        # A new connection for each use notices when the file was replaced.
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": CONNECT_TIMEOUT_S})
        event.listen(engine, "connect", _set_up_sqlite)
        return engine
    timeouts = (
        f"-c statement_timeout={STATEMENT_TIMEOUT_S * 1000} -c lock_timeout={CONNECT_TIMEOUT_S * 1000} -c timezone=UTC"
    )
    return create_engine(
        url,
        pool_size=2,
        max_overflow=2,
        pool_pre_ping=True,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": timeouts,
            "application_name": "householdd",
            # Notices a vanished server within the timeout.
            "tcp_user_timeout": CONNECT_TIMEOUT_S * 1000,
            "keepalives_idle": CONNECT_TIMEOUT_S,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            # SQL_ASCII would return text as bytes.
            "client_encoding": "utf8",
        },
    )


def make_file(url: URL) -> None:
    """Create a missing SQLite file, readable by its owner only. Raise OSError."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return
    path = Path(url.database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # WAL: readers do not block the writer. NORMAL: a power failure may lose the last commits, but damages nothing.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    networks.add_to(connection)
