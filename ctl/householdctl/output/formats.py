"""The formats that commands print in; importing this takes no time."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """Formats of data."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Options for output."""

    output: Format
    headers: bool = True
    """Whether tables and CSV begin with the names of their columns."""

    @property
    def for_people(self) -> bool:
        """Whether people, not programs, read the output."""
        return self.output in {Format.TABLE, Format.WIDE}
