"""Timeouts and limits with their ranges."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, fields


class SettingError(ValueError):
    """``path`` is as the user wrote it; the message says what is allowed."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


@dataclass(frozen=True)
class Range:
    """A number, both ends included."""

    description: str
    minimum: float
    maximum: float
    unit: str = "s"
    whole: bool = False
    """Whole numbers only."""

    @property
    def allowed(self) -> str:
        """Range with its unit: ``1 to 3600 s``."""
        return f"{self.minimum:.15g} to {self.maximum:.15g} {self.unit}".rstrip()

    def check(self, path: str, value: float) -> float:
        """Return ``value``. Raise SettingError if not allowed."""
        if not math.isfinite(value) or not self.minimum <= value <= self.maximum:
            shown = f"{value:.15g} {self.unit}".rstrip()
            raise SettingError(path, f"{shown} is out of range; allowed is {self.allowed}")
        if self.whole and value != int(value):
            raise SettingError(path, f"{value:.15g} is not a whole number; allowed is {self.allowed}")
        return value


@dataclass(frozen=True)
class Choice:
    """One of several words."""

    description: str
    choices: tuple[str, ...]


Definition = Range | Choice


@dataclass(frozen=True)
class SettingGroup:
    """Each field has a default and a Range."""

    @classmethod
    def ranges(cls) -> dict[str, Range]:
        """Return ranges by name, in the order of the fields."""
        return {each.name: each.metadata["range"] for each in fields(cls)}

    @classmethod
    def check_name(cls, name: str) -> None:
        """Raise SettingError, with the nearest name, for an unknown setting."""
        known = cls.ranges()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            raise SettingError(name, f"no such setting{hint}")

    def check(self) -> None:
        """Raise SettingError for the first bad value."""
        for name, allowed in self.ranges().items():
            allowed.check(name, getattr(self, name))


def _seconds(default: float, low: float, high: float, description: str) -> float:
    return field(default=float(default), metadata={"range": Range(description, low, high)})


def _count(default: int, low: int, high: int, description: str) -> int:
    return field(default=default, metadata={"range": Range(description, low, high, "", whole=True)})


@dataclass(frozen=True)
class Timeouts(SettingGroup):
    """Seconds, and the number of probes that may fail."""

    inactivity: float = _seconds(30, 1, 3600, "longest time without an answer before a session is closed")
    inactivity_floor: float = _seconds(
        10, 1, 3600, "shortest such time, unless inactivity is shorter; the client's pattern decides between the two"
    )
    max_duration: float = _seconds(300, 1, 86400, "longest duration of a session")
    probe_timeout: float = _seconds(1, 1, 60, "shortest time without evidence after which a probe fails")
    probe_timeout_ceiling: float = _seconds(
        5, 1, 60, "longest such time, unless probe_timeout is longer; the round trip decides between the two"
    )
    probe_failures: int = _count(3, 1, 100, "failed probes in a row after which a session is closed")
    close: float = _seconds(2, 0.1, 30, "timeout for the answer to the closing handshake")
    drain: float = _seconds(90, 0, 3600, "longest time that a drain waits for sessions to end")


def _frequency(default: float, description: str) -> float:
    return field(default=default, metadata={"range": Range(description, 1, 100_000, "/s")})


MAX_MBPS = 1_000_000.0
"""Stands for no budget."""


def _budget(whose: str, default: float = MAX_MBPS) -> float:
    allowed = Range(f"payload {whose}, in each direction", 0.1, MAX_MBPS, "Mbit/s")
    return field(default=default, metadata={"range": allowed})


@dataclass(frozen=True)
class Limits(SettingGroup):
    """docs/protection.md explains the defaults."""

    max_sessions: int = _count(8000, 1, 100_000, "live sessions at once, in all workers together")
    max_sessions_per_address: int = _count(
        256, 1, 100_000, "live sessions at once from one IPv4 address or IPv6 customer prefix"
    )
    max_sessions_per_network: int = _count(1000, 1, 100_000, "live sessions at once from one IPv4 /24 or IPv6 /48")
    handshakes_per_second: float = _frequency(400.0, "new sessions per second, in all workers together")
    handshakes_per_second_per_address: float = _frequency(
        30.0, "new sessions per second from one IPv4 address or IPv6 customer prefix, as the mean of 10 s"
    )
    requests_per_second_per_address: float = _frequency(
        50.0,
        "requests for the page's files and for JSON per second from one IPv4 address or IPv6 customer prefix, as the "
        "mean of 10 s",
    )
    max_unfinished_handshakes: int = _count(
        2000, 1, 100_000, "connections without a session at once, in all workers together"
    )
    max_unfinished_handshakes_per_address: int = _count(
        256, 1, 100_000, "connections without a session at once from one IPv4 address or IPv6 customer prefix"
    )
    breaker_failures: int = _count(
        64, 1, 100_000, "failed sessions of an address within a minute that open its circuit breaker"
    )
    breaker_failures_per_profile: int = _count(
        32, 1, 100_000, "the same for its sessions of one profile, which then is the only one refused"
    )
    breaker_handshakes: int = _count(
        256, 1, 100_000, "failed handshakes of an address within a minute that open its circuit breaker"
    )
    breaker_open: float = _seconds(30, 1, 3600, "time for which a circuit breaker opens, doubled each time")
    breaker_max_open: float = _seconds(900, 1, 86400, "longest such time, unless breaker_open is longer")
    daemon_mbps: float = _budget("of all sessions, in all workers together")
    block_mbps: float = _budget("of an IPv4 /24 or IPv6 /48")
    customer_mbps: float = _budget("of an IPv4 address or IPv6 customer prefix", 2000.0)
    session_mbps: float = _budget("of one session")

    @property
    def bounds_traffic(self) -> bool:
        return min(self.daemon_mbps, self.block_mbps, self.customer_mbps, self.session_mbps) < MAX_MBPS
