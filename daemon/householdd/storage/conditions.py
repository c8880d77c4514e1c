"""What a caller asks for, as conditions of a statement."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Boolean, String, Text, and_, false, func
from sqlalchemy.sql import ColumnElement

from householdd.storage.schema import runs, sessions

Columns = Mapping[str, ColumnElement[Any]]

SESSION_COLUMNS: Columns = {
    **{column.name: column for column in sessions.c},
    "peer_address": sessions.c.address,
    "duration": sessions.c.closed_at - sessions.c.opened_at,
    "retransmits": sessions.c.tcp_retransmits,
}
"""By the name that a filter has for it; durations and times in seconds."""

RUN_COLUMNS: Columns = {
    **{column.name: column for column in runs.c},
    "peer_address": runs.c.address,
    "baseline": runs.c.baseline_ms / 1e3,
    "increase_p95": runs.c.increase_p95_ms / 1e3,
}
"""The same of runs."""

_AS_KEPT = {"id", "run_id", "session_id", "profile", "reason", "client", "grade"}
"""Kept in one case only, so that an index can be used."""

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(columns: Columns, name: str, sign: str, value: str | float) -> ColumnElement[bool]:
    """One comparison; text without regard to case, ``:`` is "contains", and what is not known counts as empty text.

    A number that is not known meets no condition. A boolean is compared with ``true`` or ``false``.
    """
    column = columns[name]
    if isinstance(column.type, Boolean):
        return column.is_((value == "true") is (sign == "="))
    if isinstance(column.type, String | Text):
        if name not in _AS_KEPT or sign == ":":
            column = func.lower(column)
        elif sign == "=" and value:
            # Without a function around the column, so that an index is used.
            return and_(column.is_not(None), column == value)
        column = func.coalesce(column, "")
        if sign == ":":
            return column.contains(value, autoescape=True)
    compared: ColumnElement[bool] = _COMPARE[sign](column, value)
    # Not NULL, which would be neither true nor, with NOT in front of it, false.
    return func.coalesce(compared, false()) if getattr(column, "nullable", False) else compared
