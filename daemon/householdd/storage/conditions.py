"""Filters as conditions of SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Boolean, String, Text, and_, false, func, not_, or_
from sqlalchemy.sql import ColumnElement

from household_filters.values import ABSENT, Network, NumberRange, Prefix, Value
from householdd.storage.networks import overlaps
from householdd.storage.schema import runs, sessions

Columns = Mapping[str, ColumnElement[Any]]

SESSION_COLUMNS: Columns = {
    **{column.name: column for column in sessions.c},
    "peer_address": sessions.c.address,
    "duration": sessions.c.closed_at - sessions.c.opened_at,
    "retransmits": sessions.c.tcp_retransmits,
}
"""By the filter's field; durations and times in seconds."""

RUN_COLUMNS: Columns = {
    **{column.name: column for column in runs.c},
    "peer_address": runs.c.address,
    "baseline": runs.c.baseline_ms / 1e3,
    "increase_p95": runs.c.increase_p95_ms / 1e3,
    "kernel_increase_p95": runs.c.kernel_increase_p95_ms / 1e3,
}

_AS_KEPT = {
    *("id", "run_id", "session_id", "profile", "reason", "client", "grade"),
    *("cause", "rate_cause", "witness", "hurting"),
}
"""Columns stored in one case, so that an index can be used."""

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(columns: Columns, name: str, sign: str, value: Value) -> ColumnElement[bool]:
    """Return a comparison. Text ignores case, ``:`` means "contains", NULL counts as empty text.

    An unknown number meets only the condition for None.
    """
    column = columns[name]
    if isinstance(column.type, Boolean):
        return column.is_((value == "true") is (sign == "="))
    match value:
        case str():
            return _text(column, name, sign, value)
        case NumberRange(low, high):
            # Without NOT: an unknown number is neither inside nor outside.
            within = and_(column >= low, column <= high) if sign == "=" else or_(column < low, column > high)
            return _known(column, within)
        case float() | int():
            return _known(column, _COMPARE[sign](column, value))
        case _:
            return _opposite_of(sign, _equality(column, value))


def _equality(column: ColumnElement[Any], value: Prefix | Network | None) -> ColumnElement[bool]:
    match value:
        case None if isinstance(column.type, String | Text):
            return func.coalesce(column, "").in_(("", ABSENT))
        case None:
            return column.is_(None)
        case Prefix(text):
            return func.coalesce(column, "").startswith(text, autoescape=True)
        case _:
            return overlaps(column, value)


def _opposite_of(sign: str, equal: ColumnElement[bool]) -> ColumnElement[bool]:
    return equal if sign == "=" else not_(equal)


def _text(column: ColumnElement[Any], name: str, sign: str, value: str) -> ColumnElement[bool]:
    if name not in _AS_KEPT or sign == ":":
        column = func.lower(column)
    elif sign == "=" and value:
        # No function around the column, for the index.
        return and_(column.is_not(None), column == value)
    column = func.coalesce(column, "")
    if sign == ":":
        return column.contains(value, autoescape=True)
    return _opposite_of(sign, column == value)


def _known(column: ColumnElement[Any], compared: ColumnElement[bool]) -> ColumnElement[bool]:
    # NULL would stay NULL under NOT.
    return func.coalesce(compared, false()) if getattr(column, "nullable", True) else compared
