"""Audit entries for people."""

from __future__ import annotations

import json
from typing import Any

from householdctl.control.audit_log import time_of
from householdctl.output.tables import Column


def _when(entry: dict[str, Any]) -> str:
    at = time_of(entry)
    return "-" if at is None else at.astimezone().isoformat(" ", "seconds")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if value else "-"


COLUMNS: tuple[Column[dict[str, Any]], ...] = (
    Column("TIME", _when),
    Column("ACTOR", lambda entry: str(entry["actor"] or "-")),
    Column("CALL", lambda entry: str(entry["method"] or "-").rpartition("/")[2]),
    Column("OUTCOME", lambda entry: str(entry["outcome"] or "-")),
    Column("REASON", lambda entry: str(entry["reason"] or "-")),
    Column("REQUEST", lambda entry: _compact(entry["request"]), rank=1),
    Column("ANSWER", lambda entry: _compact(entry["answer"]), rank=2),
    Column("VIA", lambda entry: str(entry["via"] or "-"), wide=True),
)
