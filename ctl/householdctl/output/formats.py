"""Output formats; quick to import."""

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

    @property
    def for_people(self) -> bool:
        return self.output in {Format.TABLE, Format.WIDE}
