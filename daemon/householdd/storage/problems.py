"""Problems of the database, for people and for metrics."""

from __future__ import annotations

import sqlite3
from typing import Literal, get_args

import psycopg.errors
from sqlalchemy.exc import SQLAlchemyError

from householdd.storage.migrations import NewerSchemaError

ProblemKind = Literal["unreachable", "disk_full", "read_only", "corrupt", "locked", "denied", "newer_schema", "other"]

PROBLEM_KINDS: tuple[ProblemKind, ...] = get_args(ProblemKind)

_SQLITE: dict[int, ProblemKind] = {
    sqlite3.SQLITE_CANTOPEN: "unreachable",
    sqlite3.SQLITE_IOERR: "unreachable",
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PERM: "denied",
}
"""By primary result code."""

_POSTGRESQL: tuple[tuple[type[Exception], ProblemKind], ...] = (
    (psycopg.errors.DiskFull, "disk_full"),
    (psycopg.errors.ReadOnlySqlTransaction, "read_only"),
    (psycopg.errors.DataCorrupted, "corrupt"),
    (psycopg.errors.IndexCorrupted, "corrupt"),
    (psycopg.errors.LockNotAvailable, "locked"),
    (psycopg.errors.QueryCanceled, "locked"),
    (psycopg.errors.InsufficientPrivilege, "denied"),
    (psycopg.errors.InvalidPassword, "denied"),
    (psycopg.errors.InvalidAuthorizationSpecification, "denied"),
    # This error has no class of its own.
    (psycopg.OperationalError, "unreachable"),
)


def describe(error: Exception) -> str:
    """Return the message without statement and parameters, which may hold addresses."""
    return str(_original(error)).strip().partition("\n")[0] or type(error).__name__


def kind_of(error: Exception) -> ProblemKind:
    original = _original(error)
    if isinstance(original, NewerSchemaError):
        return "newer_schema"
    if isinstance(original, OSError):
        return "unreachable"
    if isinstance(original, sqlite3.Error):
        # The low byte of an extended code is the primary one.
        return _SQLITE.get(getattr(original, "sqlite_errorcode", -1) & 0xFF, "other")
    return next((kind for cause, kind in _POSTGRESQL if isinstance(original, cause)), "other")


def _original(error: Exception) -> BaseException:
    if isinstance(error, SQLAlchemyError):
        return getattr(error, "orig", None) or error
    return error
