"""Durations, rates and amounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)

_SECOND_MS = 1000
# Maximum of google.protobuf.Duration (10000 years).
_LONGEST_S = 315_576_000_000


def parse_duration(text: str) -> float:
    """Return the seconds of ``45s``, ``250ms``, ``1m30s``, ``2h``, ``7d``, or a number of seconds.

    Raise ValueError, also for negative and infinite durations.
    """
    if _NUMBER.fullmatch(text):
        seconds = float(text)
    else:
        parts = _PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise ValueError(f"{text!r} is not a duration; write 500ms, 45s, 1m30s, 2h, 7d, or a number of seconds")
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > _LONGEST_S:
        raise ValueError(f"{text!r} is too long for a duration; the longest is {_LONGEST_S}s")
    return seconds


def format_duration(seconds: float) -> str:
    """Invert :func:`parse_duration`, to the millisecond."""
    milliseconds = round(abs(seconds) * 1000)
    whole, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(whole, 60)
    if not milliseconds:
        text = "0s"
    elif milliseconds < _SECOND_MS:
        text = f"{milliseconds}ms"
    else:
        text = f"{hours}h" * (hours > 0) + f"{minutes}m" * (minutes > 0) + f"{rest / 1000:.6g}s" * (rest > 0)
    return f"-{text}" if seconds < 0 and milliseconds else text


def to_duration(length: float) -> Duration:
    from google.protobuf.duration_pb2 import Duration

    message = Duration()
    message.FromNanoseconds(round(length * 1e9))
    return message


def seconds(duration: Duration) -> float:
    return duration.ToTimedelta().total_seconds()


def format_age(age: float) -> str:
    """Return ``310ms``, ``12.3s``, ``4m05s``, ``3h20m`` or ``2d04h``.

    Rounded, so that filters find printed values.
    """
    if age < 1:
        return f"{age * 1000:.0f}ms"
    if age < 59.95:  # would be shown as 60.0s
        return f"{age:.1f}s"
    minutes, rest = divmod(round(age), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(round(age / 60), 60)
    if hours < 24:
        return f"{hours}h{minutes:02}m"
    days, hours = divmod(round(age / 3600), 24)
    return f"{days}d{hours:02}h"


def format_ago(age: float) -> str:
    """Return ``3m ago``; empty beyond a month."""
    if abs(age) < 1:
        return "now"
    length = abs(age)
    for unit, seconds_of_unit, end in (("s", 1, 60), ("m", 60, 3600), ("h", 3600, 86400), ("d", 86400, 30 * 86400)):
        if length < end:
            text = f"{int(length // seconds_of_unit)}{unit}"
            return f"{text} ago" if age > 0 else f"in {text}"
    return ""


def format_round_trip(round_trip: float) -> str:
    """Return milliseconds, with a decimal below 100 ms."""
    milliseconds = round_trip * 1000
    return f"{milliseconds:.1f}ms" if milliseconds < 100 else f"{milliseconds:.0f}ms"


def format_rate(bits_per_second: float) -> str:
    """Return ``25.0 Mbit/s``."""
    return f"{_scaled(bits_per_second, ('', 'k', 'M', 'G', 'T'))}bit/s"


def format_bytes(count: int) -> str:
    """Return ``3.1 MB``."""
    return f"{_scaled(count, ('', 'k', 'M', 'G', 'T', 'P'))}B"


def _scaled(value: float, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes[:-1]:
        if abs(value) < 999.95:  # would be shown as 1000.0
            return f"{value:.1f} {prefix}" if prefix else f"{value:.0f} "
        value /= 1000
    return f"{value:.1f} {prefixes[-1]}"
