"""Values of a filter.

Anything a table prints can be typed. Tables round, so ``=`` compares to the typed precision: ``3.1 MB`` matches 3.05
to 3.15 MB, and ``1000000`` is exact.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ABSENT = "-"
"""Unknown value in tables and filters."""

MIN_PREFIX = 4
"""Characters of an id."""

PRINTED_PREFIX = 8
"""Characters of an id in tables; needs no asterisk."""


class Kind(Enum):
    """The value completes "this is not ..."."""

    TEXT = "text"
    ID = "an id, or the beginning of one such as 8cd209fa or 8cd2*"
    WORD = "one of a few words"
    ADDRESS = "an address such as 192.0.2.7 or 2001:db8::7, or a network such as 192.0.2.0/24"
    NUMBER = "a number"
    BYTES = "a number of bytes such as 1000000, 10MB or 1.5 GB"
    RATE = "a rate such as 2000000, 500kbit/s or 1.5 Mbit/s"
    TIME = (
        "a date such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, today, yesterday, how long ago such as 2d or "
        "3m ago, or Unix seconds"
    )
    DURATION = "a duration such as 2s, 500ms, 4m05s or 2d, or a number of seconds"

    @property
    def operators(self) -> tuple[str, ...]:
        match self:
            case Kind.TEXT | Kind.ID:
                return ("=", "!=", ":")
            case Kind.WORD | Kind.ADDRESS:
                return ("=", "!=")
            case _:
                return ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class NumberRange:
    """Numbers that round to the typed one, both ends included."""

    low: float
    high: float

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high


@dataclass(frozen=True)
class Prefix:
    """Beginning of an id, in lower case."""

    text: str


Value = str | float | NumberRange | Prefix | Network | None
"""Text in lower case, durations and times in seconds, None if unknown."""

_NUMBER = r"\d+(?:\.\d+)?"
_AMOUNT = re.compile(rf"(?P<number>[+-]?{_NUMBER}(?:e[+-]?\d{{1,3}})?)\s*(?P<unit>\D*)", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(rf"(?:{_NUMBER}\s*(?:ms|s|m|h|d))+", re.ASCII)
_DURATION_PART = re.compile(rf"({_NUMBER})\s*(ms|s|m|h|d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?P<second>:\d\d(?:\.(?P<fraction>\d{1,9}))?)?(?:Z|[+-]\d\d:\d\d)?",
    re.ASCII | re.IGNORECASE,
)
_PORT = re.compile(r"(?P<host>[\d.]+|\[[^\]]*\]):\d+", re.ASCII)
_WHOLE_ID = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_BEGINNING = re.compile(r"[0-9a-f-]+\*", re.ASCII)

_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
_DECIMAL = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15}
_BYTES = {
    **{f"{prefix}{end}": factor for prefix, factor in _DECIMAL.items() for end in ("b", "") if prefix or end},
    **{f"{prefix}i{end}": 1024**power for power, prefix in enumerate("kmgtp", 1) for end in ("b", "")},
}
_RATES = {
    f"{prefix}{end}": factor
    for prefix, factor in _DECIMAL.items()
    for end in ("bit/s", "bps", "bit", "")
    if prefix or end
}

_MICROSECOND = 1e-6
_DAY = timedelta(days=1)

_TAILS = {
    Kind.BYTES: re.compile(r"\s+[kmgtp]?i?b\b", re.ASCII | re.IGNORECASE),
    Kind.RATE: re.compile(r"\s+[kmgt]?(?:bit/s|bps)(?![\w/])", re.ASCII | re.IGNORECASE),
    Kind.DURATION: re.compile(r"\s+(?:ms|s|m|h|d)\b", re.ASCII),
    Kind.TIME: re.compile(
        r"\s+ago\b|\s+\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?(?![\w.:])", re.ASCII | re.IGNORECASE
    ),
}


def tail(kind: Kind) -> re.Pattern[str] | None:
    """Return what may follow an unquoted value: a unit, or the time of a date."""
    return _TAILS.get(kind)


def parse(kind: Kind, text: str, *, exact: bool, now: float) -> Value:
    """Parse a value; ``exact`` is False for ``=`` and ``!=``. Raise ValueError.

    ``now`` is Unix time, for ``today`` and ``2d``.
    """
    match kind:
        case Kind.TEXT:
            return text.lower()
        case Kind.ID:
            return text.lower() if exact else _id(text.lower())
        case Kind.ADDRESS:
            return network(text)
        case Kind.TIME:
            found = _time(text, now)
        case Kind.DURATION:
            found = _duration(text)
        case Kind.BYTES:
            found = _amount(kind, text, _BYTES)
        case Kind.RATE:
            found = _amount(kind, text, _RATES)
        case _:
            found = _amount(kind, text, {})
    number, values = found
    return number if exact else values


def network(text: str) -> Network:
    """Parse a network; IPv4 mapped into IPv6 becomes IPv4. Raise ValueError."""
    if found := _PORT.fullmatch(text):
        host = found["host"].strip("[]")
        raise ValueError(f"{text!r} has a port, and an address has none; write {host}")
    address, slash, length = text.strip("[]").partition("/")
    try:
        made = ipaddress.ip_network(address.partition("%")[0] + slash + length, strict=False)
    except ValueError:
        raise ValueError(f"{text[:64]!r} is not {Kind.ADDRESS.value}") from None
    if made.network_address != ipaddress.ip_address(address.partition("%")[0]):
        raise ValueError(f"{text!r} has more bits than its length; write {made}")
    return _unmapped(made)


def _unmapped(made: Network) -> Network:
    first = made.network_address
    mapped = first.ipv4_mapped if isinstance(first, ipaddress.IPv6Address) else None
    inside = made.prefixlen - (ipaddress.IPV6LENGTH - ipaddress.IPV4LENGTH)
    return made if mapped is None or inside < 0 else ipaddress.IPv4Network((mapped, inside))


def overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _id(text: str) -> str | Prefix:
    if not text.endswith("*"):
        shortened = len(text) >= PRINTED_PREFIX and not _WHOLE_ID.fullmatch(text) and _BEGINNING.fullmatch(f"{text}*")
        return Prefix(text) if shortened else text
    if not _BEGINNING.fullmatch(text) or len(text) <= MIN_PREFIX:
        raise ValueError(
            f"{text!r} is not the beginning of an id; write at least {MIN_PREFIX} hexadecimal digits before the "
            "asterisk"
        )
    return Prefix(text[:-1])


def _rounded(number: Decimal, unit: Decimal) -> NumberRange:
    """Return the values written as ``number`` with a last digit of ``unit``."""
    return NumberRange(float(number - unit / 2), float(number + unit / 2))


def _last_digit(number: str) -> Decimal:
    exponent = Decimal(number).as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)


def _amount(kind: Kind, text: str, units: dict[str, int]) -> tuple[float, NumberRange]:
    found = _AMOUNT.fullmatch(text)
    factor = Decimal(units.get(found["unit"].lower(), 0) if found and found["unit"] else 1)
    if found is None or not factor:
        raise ValueError(f"{text!r} is not {kind.value}")
    number = Decimal(found["number"])
    if kind is Kind.NUMBER or "e" in found["number"].lower():
        return float(number * factor), NumberRange(float(number * factor), float(number * factor))
    return float(number * factor), _rounded(number * factor, _last_digit(found["number"]) * factor)


def _duration(text: str) -> tuple[float, NumberRange]:
    parts = _DURATION_PART.findall(text) if _DURATION.fullmatch(text) else []
    if not parts and re.fullmatch(_NUMBER, text, re.ASCII):
        parts = [(text, "s")]
    if not parts:
        raise ValueError(f"{text!r} is not {Kind.DURATION.value}")
    whole = sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
    last, unit = parts[-1]
    return float(whole), _rounded(whole, _last_digit(last) * _SECONDS[unit])


def _time(text: str, now: float) -> tuple[float, NumberRange]:
    """Return a time, and its range: a date is the whole day."""
    word = text.lower()
    if word in ("today", "yesterday"):
        midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return _whole((midnight - _DAY * (word == "yesterday")).timestamp(), _DAY.total_seconds())
    if _DATE.fullmatch(text):
        return _whole(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp(), _DAY.total_seconds())
    if found := _TIME.fullmatch(text):
        moment = datetime.fromisoformat(text.upper())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        fraction = found["fraction"] or ""
        return _whole(aware.timestamp(), 10.0 ** -len(fraction) if found["second"] else 60.0)
    if word == "now":
        return now, NumberRange(now - 1, now + 1)
    length = word.removesuffix(" ago")
    if _DURATION.fullmatch(length):
        # Tables truncate: 3m ago is between 3 and 4 minutes.
        ago, (_, last) = _duration(length)[0], _DURATION_PART.findall(length)[-1]
        return now - ago, NumberRange(now - ago - float(_SECONDS[last]), now - ago)
    if re.fullmatch(rf"[+-]?{_NUMBER}(?:e[+-]?\d{{1,3}})?", text, re.ASCII | re.IGNORECASE) is None:
        raise ValueError(f"{text!r} is not {Kind.TIME.value}")
    return _whole(float(text), float(_last_digit(text)) if "e" not in word else 0.0)


def _whole(start: float, length: float) -> tuple[float, NumberRange]:
    # Includes the last microsecond.
    return start, NumberRange(start, start + max(length - _MICROSECOND, 0.0))
