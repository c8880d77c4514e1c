"""Fields of filters for people and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from household_filters.fields import HISTORY_FIELDS, LIVE_FIELDS, RUN_FIELDS, FieldSpec
from householdctl.output.tables import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS: Mapping[str, Mapping[str, FieldSpec]] = {
    "sessions": LIVE_FIELDS,
    "history": HISTORY_FIELDS,
    "runs": RUN_FIELDS,
}


@dataclass(frozen=True)
class FieldRow:
    """A field with the column that shows it."""

    name: str
    field: FieldSpec
    column: str

    @property
    def values(self) -> str:
        return " ".join(self.field.allowed) if self.field.words else self.field.kind.name.lower()


def fields_of(subject: str) -> Mapping[str, FieldSpec]:
    """Accept ``sessions``, ``history`` or ``runs``."""
    return _FIELDS[subject]


def rows_of(subject: str, fields: Mapping[str, FieldSpec]) -> list[FieldRow]:
    shown = {column.field: column.header for column in _columns_of(subject) if column.field}
    return [FieldRow(name, field, shown.get(name, "-")) for name, field in fields.items()]


def document_of(row: FieldRow) -> dict[str, Any]:
    field = row.field
    return {
        "name": row.name,
        "kind": field.kind.name.lower(),
        "operators": list(field.kind.operators),
        "values": list(field.allowed) if field.words else [],
        "column": "" if row.column == "-" else row.column,
        "example": field.example,
        "meaning": field.meaning,
    }


def _columns_of(subject: str) -> Sequence[Column[Any]]:
    if subject == "sessions":
        from householdctl.views.sessions import COLUMNS as LIVE_COLUMNS

        return LIVE_COLUMNS
    from householdctl.views import history as history_views

    return history_views.RUN_COLUMNS if subject == "runs" else history_views.SESSION_COLUMNS


COLUMNS: tuple[Column[FieldRow], ...] = (
    Column("FIELD", lambda row: row.name),
    Column("COLUMN", lambda row: row.column, rank=2),
    Column("VALUES", lambda row: row.values, rank=3),
    Column("EXAMPLE", lambda row: row.field.example),
    Column("MEANING", lambda row: row.field.meaning, rank=1),
)
