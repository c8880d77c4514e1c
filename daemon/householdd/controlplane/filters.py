"""The filter language: a small part of AIP-160, comparisons joined by AND.

``profile = "jake" AND state = quiet AND evidence_age > 2s``. Operators are ``= != < <= > >=`` and, for text, ``:`` for
"contains". Words and text compare without regard to case; text with blanks or signs in it goes into double quotes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from household.v1 import session_pb2 as pb
from householdd.controlplane.fields import Field, Kind, Value, named

MAX_LENGTH = 1000
"""Characters of a filter."""

_COMPARISON = re.compile(
    r"\s*(?P<name>[a-z_]+)\s*(?P<operator>!=|<=|>=|=|<|>|:)\s*(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[^\s\"=<>!()]+))\s*",
    re.ASCII,
)
_AND = re.compile(r"AND(?:\s|\Z)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SECONDS = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>ms|s|m|h)", re.ASCII)
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    ":": operator.contains,
}

Predicate = Callable[[pb.Session], bool]


class FilterError(ValueError):
    """A filter that cannot be read; the message says where and what is allowed."""


@dataclass(frozen=True)
class _Comparison:
    field: Field
    compare: Callable[[Any, Any], bool]
    value: Value

    def __call__(self, session: pb.Session) -> bool:
        actual = self.field.get(session)
        return self.compare(actual.lower() if isinstance(actual, str) else actual, self.value)


def parse(text: str, *, constant_only: bool = False) -> Predicate:
    """A predicate over sessions; empty text matches all.

    ``constant_only`` allows only fields that keep their value during a session. Raises FilterError.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"{len(text)} characters; at most {MAX_LENGTH} are allowed")
    comparisons: list[_Comparison] = []
    position = 0
    while text[position:].strip():
        if comparisons:
            joint = _AND.match(text, position)
            if joint is None:
                raise FilterError(
                    f"at {position + 1}: AND is expected between two comparisons, not {text[position:][:20]!r}"
                )
            position = joint.end()
        match = _COMPARISON.match(text, position)
        if match is None:
            raise FilterError(f"at {position + 1}: expected FIELD OPERATOR VALUE, not {text[position:][:20]!r}")
        comparisons.append(_comparison(match, constant_only=constant_only))
        position = match.end()
    return lambda session: all(comparison(session) for comparison in comparisons)


def _comparison(match: re.Match[str], *, constant_only: bool) -> _Comparison:
    name, sign = match["name"], match["operator"]
    raw = match["bare"] if match["quoted"] is None else match["quoted"]
    try:
        field = named(name)
    except ValueError as error:
        raise FilterError(f"at {match.start('name') + 1}: {error}") from None
    if constant_only and not field.constant:
        raise FilterError(
            f"at {match.start('name') + 1}: {name} changes during a session and cannot be filtered on here"
        )
    allowed = {Kind.TEXT: ("=", "!=", ":"), Kind.WORD: ("=", "!=")}.get(field.kind, ("=", "!=", "<", "<=", ">", ">="))
    if sign not in allowed:
        raise FilterError(f"at {match.start('operator') + 1}: {name} takes {' '.join(allowed)}, not {sign}")
    try:
        return _Comparison(field, _OPERATORS[sign], _value(field, raw))
    except ValueError as error:
        at = match.start("bare") if match["quoted"] is None else match.start("quoted")
        raise FilterError(f"at {at + 1}: {name}: {error}") from None


def _value(field: Field, raw: str) -> Value:
    match field.kind:
        case Kind.TEXT:
            return raw.lower()
        case Kind.WORD:
            if raw.lower() not in field.words:
                raise ValueError(f"{raw!r} is none of {', '.join(field.words)}")
            return raw.lower()
        case Kind.SECONDS:
            match = _SECONDS.fullmatch(raw)
            if match is None:
                raise ValueError(f"{raw!r} is not {field.kind.value}")
            return float(match["number"]) * _UNITS[match["unit"]]
        case Kind.NUMBER:
            if _NUMBER.fullmatch(raw) is None:
                raise ValueError(f"{raw!r} is not {field.kind.value}")
            return float(raw)
