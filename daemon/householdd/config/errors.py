"""Problems in the terms of the configuration file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_LIST = 'must be a list, such as ["a", "b"]'
_WHOLE_NUMBER = "must be a whole number"
_NUMBER = "must be a number"
_BYTES = 'must be a number of bytes, or such as "2GB" or "500MiB"'
_TRUTH = "must be true or false"
_TABLE = "must be a table"

_WORDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "int_parsing": _WHOLE_NUMBER,
    "int_type": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_parsing": _TRUTH,
    "bool_type": _TRUTH,
    "string_type": "must be text in quotes",
    "string_too_short": "needs {min_length} or more characters",
    "string_too_long": "may have {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "path_type": "must be a path in quotes",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "dataclass_type": _TABLE,
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "ip_any_network": "must be an address or a network, such as 192.0.2.0/24",
    "byte_size": _BYTES,
    "byte_size_unit": _BYTES,
    "missing": "is missing",
}
"""Others keep pydantic's message."""


def describe(error: Mapping[str, Any]) -> str:
    """Describe an error of a ValidationError."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        # Raised by our validators.
        return str(context["error"])
    words = _WORDS[kind].format_map(_plain(context)) if kind in _WORDS else _without_subject(error["msg"])
    given = error.get("input")
    if isinstance(given, str | int | float) and kind != "missing":
        words += f", not {_shown(given)}"
    return words


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Write whole numbers as integers."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in context.items()
    }


def _without_subject(message: str) -> str:
    for theirs, ours in (("Input should ", "must "), ("Input ", ""), ("Value error, ", ""), ("value ", "")):
        if message.startswith(theirs):
            return ours + message.removeprefix(theirs)
    return message[:1].lower() + message[1:]


def _shown(given: str | float) -> str:
    """Return the value as in TOML, truncated to 40 characters."""
    text = json.dumps(given, ensure_ascii=False)
    most = 40
    return text if len(text) <= most else f"{text[:most]}..."
