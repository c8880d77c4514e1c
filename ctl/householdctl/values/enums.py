"""Values of the API's enums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper


def short_name(enum: _EnumTypeWrapper[Any], number: int) -> str:
    """Return a name without its enum's: ``QUIET``. An unknown value is its number."""
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")
    return enum.Name(number).removeprefix(prefix) if number in enum.values() else str(number)
