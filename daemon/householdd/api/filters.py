r"""The filter language: a part of AIP-160, comparisons joined by AND or OR, with NOT and parentheses.

Example: ``profile = "jake" AND (state = quiet OR evidence_age > 2s) AND NOT worker = 0``. Operators are
``= != < <= > >=`` and, for text, ``:`` for "contains". Text compares without regard to case; text with blanks or
operators is quoted with double quotes, in which ``\"`` and ``\\`` stand for a quote and a backslash. A blank may
precede a unit, and the time of a date. ``household_filters.values`` defines the values.

In AIP-160 OR binds more tightly than AND, unlike in most languages. A filter may kill sessions, so parentheses are
required between the two here; every filter then has the same meaning in both readings.
"""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Generic, Protocol, TypeVar

from household.v1 import session_pb2 as pb
from household_filters.fields import LIVE_FIELDS, FieldSpec, named
from household_filters.values import ABSENT, Kind, Network, NumberRange, Prefix, Value, tail
from household_filters.values import parse as parse_value
from householdd.api.fields import FIELDS, Field
from householdd.clients.addresses import address_of

MAX_LENGTH = 1000
"""In characters."""

MAX_DEPTH = 20
"""Of parentheses and negations."""

_COMPARISON = re.compile(
    r"(?P<name>[a-z_][a-z0-9_]*)\s*(?P<operator>!=|<=|>=|=|<|>|:)\s*"
    r"(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s\"=<>!()]+))",
    re.ASCII | re.DOTALL,
)
_JOINT = re.compile(r"(AND|OR)(?=[\s(-]|\Z)", re.ASCII)
_NOT = re.compile(r"NOT(?=[\s(-])|-", re.ASCII)
_BLANK = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Predicate = Callable[[pb.Session], bool]


class FilterError(ValueError):
    """The message says where, and what is allowed."""


@dataclass(frozen=True)
class Comparison:
    """The value is a NumberRange, a Prefix or None only with ``=`` and ``!=``."""

    name: str
    sign: str
    value: Value
    at: int
    """Position of the name, from 1."""


T = TypeVar("T")


class Meaning(Protocol[T]):
    """Builds a predicate over messages, or a condition of a database."""

    def comparison(self, comparison: Comparison) -> T:
        """Raise FilterError if not allowed here."""

    def all_of(self, terms: list[T]) -> T: ...

    def any_of(self, terms: list[T]) -> T: ...

    def negation(self, term: T) -> T: ...


def parse(text: str, *, constant_only: bool = False) -> Predicate:
    """Parse a predicate; empty text matches all.

    ``constant_only`` allows only constant fields of a session. Raise FilterError.
    """
    return read(text, LIVE_FIELDS, _Predicates(constant_only=constant_only)) or (lambda _: True)


def is_constant(text: str) -> bool:
    """Whether a valid filter names only constant fields."""
    try:
        parse(text, constant_only=True)
    except FilterError:
        return False
    return True


def read(text: str, fields: Mapping[str, FieldSpec], meaning: Meaning[T]) -> T | None:
    """Return None for an empty filter. Raise FilterError."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"{len(text)} characters; at most {MAX_LENGTH} are allowed")
    if not text.strip():
        return None
    reader = _Reader(text, fields, meaning)
    whole = reader.expression(0)
    reader.end()
    return whole


class _Predicates:
    """Builds predicates over sessions."""

    def __init__(self, *, constant_only: bool) -> None:
        self._constant_only = constant_only

    def comparison(self, comparison: Comparison) -> Predicate:
        field = FIELDS[comparison.name]
        if self._constant_only and not field.spec.constant:
            raise FilterError(
                f"at {comparison.at}: {comparison.name} changes during a session and cannot be filtered on here"
            )
        if comparison.name == "peer_address" and comparison.sign != ":" and _is_network(comparison.value):
            raise FilterError(
                f"at {comparison.at}: peer_address has a port, such as 192.0.2.7:51234; "
                f"for any port write address {comparison.sign} {comparison.value}"
            )
        return _test(field, comparison)

    def all_of(self, terms: list[Predicate]) -> Predicate:
        return lambda session: all(term(session) for term in terms)

    def any_of(self, terms: list[Predicate]) -> Predicate:
        return lambda session: any(term(session) for term in terms)

    def negation(self, term: Predicate) -> Predicate:
        return lambda session: not term(session)


def _test(field: Field, comparison: Comparison) -> Predicate:
    get, wanted = field.get, comparison.value
    match comparison.sign:
        case "=":
            return _equality(field, wanted)
        case "!=":
            equal = _equality(field, wanted)
            return lambda session: not equal(session)
        case ":":
            return lambda session: wanted in get(session).lower()  # type: ignore[union-attr]  # text
        case sign:
            compare = _ORDERINGS[sign]
            return lambda session: compare(get(session), wanted)


def _equality(field: Field, wanted: Value) -> Predicate:
    get, has = field.get, field.has
    match wanted:
        case None:
            return lambda session: not has(session) or get(session) in ("", ABSENT)
        case NumberRange():
            return lambda session: get(session) in wanted  # type: ignore[operator]  # a number
        case Prefix(text):
            return lambda session: str(get(session)).lower().startswith(text)
        case IPv4Network() | IPv6Network():
            return lambda session: _is_within(str(get(session)), wanted)
        case _:
            return lambda session: str(get(session)).lower() == wanted


@lru_cache(maxsize=4096)
def _is_within(host: str, network: Network) -> bool:
    try:
        address = address_of(host)
    except ValueError:
        return False
    return address.version == network.version and address in network


def _is_network(value: object) -> bool:
    try:
        parse_value(Kind.ADDRESS, str(value), exact=False, now=0.0)
    except ValueError:
        return False
    return True


class _Reader(Generic[T]):
    """Recursive-descent parser."""

    def __init__(self, text: str, fields: Mapping[str, FieldSpec], meaning: Meaning[T]) -> None:
        self._text = text
        self._at = 0
        self._fields = fields
        self._meaning = meaning
        self._now = time.time()

    def expression(self, depth: int) -> T:
        """Parse terms joined by AND, or by OR."""
        terms, joint = [self._term(depth)], None
        while match := self._take(_JOINT):
            if joint not in (None, match[0]):
                raise FilterError(
                    f"at {match.start() + 1}: AND and OR side by side; put parentheses around one of them"
                )
            joint = match[0]
            terms.append(self._term(depth))
        if joint is None:
            return terms[0]
        return self._meaning.any_of(terms) if joint == "OR" else self._meaning.all_of(terms)

    def end(self) -> None:
        """Raise FilterError unless the whole text was parsed."""
        self._skip_blanks()
        if self._at < len(self._text):
            where = f"at {self._at + 1}"
            if self._text[self._at] == ")":
                raise FilterError(f"{where}: no parenthesis is open here")
            raise FilterError(f"{where}: AND or OR is expected between two comparisons, not {self._rest()}")

    def _term(self, depth: int) -> T:
        self._skip_blanks()
        at = self._at
        if depth > MAX_DEPTH:
            raise FilterError(f"at {at + 1}: nested more than {MAX_DEPTH} times")
        if self._take(_NOT):
            return self._meaning.negation(self._term(depth + 1))
        if self._text.startswith("(", at):
            self._at += 1
            inner = self.expression(depth + 1)
            self._skip_blanks()
            if not self._text.startswith(")", self._at):
                raise FilterError(
                    f"at {self._at + 1}: the parenthesis of {at + 1} is not closed, here is {self._rest()}"
                )
            self._at += 1
            return inner
        match = self._take(_COMPARISON)
        if match is None:
            raise FilterError(f"at {at + 1}: expected FIELD OPERATOR VALUE, not {self._rest()}")
        return self._meaning.comparison(self._comparison(match))

    def _comparison(self, match: re.Match[str]) -> Comparison:
        name, sign, at = match["name"], match["operator"], match.start("name") + 1
        try:
            field = named(name, self._fields)
        except ValueError as error:
            raise FilterError(f"at {at}: {error}") from None
        allowed = field.kind.operators
        if sign not in allowed:
            raise FilterError(f"at {match.start('operator') + 1}: {name} takes {' '.join(allowed)}, not {sign}")
        part = "bare" if match["quoted"] is None else "quoted"
        try:
            raw = self._with_tail(match["bare"], field.kind) if part == "bare" else _unescaped(match["quoted"])
            return Comparison(name, sign, field.value(raw, exact=sign not in ("=", "!="), now=self._now), at)
        except ValueError as error:
            raise FilterError(f"at {match.start(part) + 1}: {name}: {error}") from None

    def _with_tail(self, bare: str, kind: Kind) -> str:
        """Return the value with the unit or time that follows it."""
        pattern = tail(kind)
        match = pattern.match(self._text, self._at) if pattern else None
        if match is None:
            return bare
        self._at = match.end()
        return f"{bare} {match[0].strip()}"

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self._skip_blanks()
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _skip_blanks(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at

    def _rest(self) -> str:
        return repr(self._text[self._at :][:20])


def _unescaped(quoted: str) -> str:
    for escape in _ESCAPE.finditer(quoted):
        if escape[1] not in '"\\':
            raise ValueError(f'{escape[0]!r} is no escape; \\" and \\\\ are')
    return _ESCAPE.sub(r"\1", quoted)
