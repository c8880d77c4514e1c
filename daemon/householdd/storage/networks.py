"""Addresses in a text column compared with a network."""

from __future__ import annotations

import ipaddress
import sqlite3
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from household_filters.values import Network, network, overlap


class Overlaps(GenericFunction[bool]):
    """Whether a text is an address in a network, or overlaps it."""

    name = "household_overlaps"
    type = Boolean()
    inherit_cache = True


def overlaps(column: ColumnElement[Any], wanted: Network) -> ColumnElement[bool]:
    return Overlaps(column, literal(str(wanted)))


@compiles(Overlaps, "postgresql")
def _on_postgresql(element: Overlaps, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted = (compiler.process(each, **options) for each in element.clauses)
    kept = f"regexp_replace(lower({column}), '^::ffff:([0-9.]+)$', '\\1')"
    # The cast would fail for a text that is not an address.
    return f"CASE WHEN {kept} ~ '^[0-9a-f:.]+(/[0-9]+)?$' THEN {kept}::inet && {wanted}::inet ELSE false END"


def add_to(connection: sqlite3.Connection) -> None:
    connection.create_function(Overlaps.name, 2, _overlaps, deterministic=True)


def _overlaps(kept: str | None, wanted: str) -> bool:
    found = _network(kept or "")
    return found is not None and overlap(found, _wanted(wanted))


@lru_cache(maxsize=16)
def _wanted(text: str) -> Network:
    return ipaddress.ip_network(text)


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    try:
        return network(text)
    except ValueError:
        return None
