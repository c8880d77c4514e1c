"""Settings that can be changed while the daemon runs, with the range of each."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, fields


class SettingError(ValueError):
    """A setting that does not exist, or a value that it does not take.

    ``path`` is the setting's name as the user wrote it; the message says what is allowed.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


@dataclass(frozen=True)
class Range:
    """A setting that is a number, and the values that it allows, both ends included."""

    description: str
    minimum: float
    maximum: float
    unit: str = "s"
    whole: bool = False
    """Whether only whole numbers are allowed."""

    @property
    def allowed(self) -> str:
        """The range with its unit: ``1 to 3600 s``."""
        return f"{self.minimum:.15g} to {self.maximum:.15g} {self.unit}".rstrip()

    def check(self, path: str, value: float) -> float:
        """Return ``value``. Raises SettingError for ``path`` if it is not allowed."""
        if not math.isfinite(value) or not self.minimum <= value <= self.maximum:
            shown = f"{value:.15g} {self.unit}".rstrip()
            raise SettingError(path, f"{shown} is out of range; allowed is {self.allowed}")
        if self.whole and value != int(value):
            raise SettingError(path, f"{value:.15g} is not a whole number; allowed is {self.allowed}")
        return value


@dataclass(frozen=True)
class Choice:
    """A setting that is one of several words."""

    description: str
    choices: tuple[str, ...]


Definition = Range | Choice


@dataclass(frozen=True)
class SettingGroup:
    """Settings that belong together; each field has a default and a Range."""

    @classmethod
    def ranges(cls) -> dict[str, Range]:
        """Return the range of each setting by name, in the order of the fields."""
        return {each.name: each.metadata["range"] for each in fields(cls)}

    @classmethod
    def check_name(cls, name: str) -> None:
        """Raise SettingError, with the nearest known name, for a setting that does not exist."""
        known = cls.ranges()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            raise SettingError(name, f"no such setting{hint}")

    def check(self) -> None:
        """Raise SettingError for the first value that is not allowed."""
        for name, allowed in self.ranges().items():
            allowed.check(name, getattr(self, name))


def _seconds(default: float, low: float, high: float, description: str) -> float:
    return field(default=float(default), metadata={"range": Range(description, low, high)})


def _count(default: int, low: int, high: int, description: str) -> int:
    return field(default=default, metadata={"range": Range(description, low, high, "", whole=True)})


@dataclass(frozen=True)
class Timeouts(SettingGroup):
    """The deadlines of a session, in seconds, and the number of probes that may fail."""

    inactivity: float = _seconds(30, 1, 3600, "most time without an answer after which a session is closed")
    inactivity_floor: float = _seconds(
        10, 1, 3600, "least such time, where inactivity is not less; the client's own pattern decides between the two"
    )
    max_duration: float = _seconds(300, 1, 86400, "close a session after this long in any case")
    probe_timeout: float = _seconds(1, 1, 60, "least time without evidence after which a probe has failed")
    probe_timeout_ceiling: float = _seconds(
        5, 1, 60, "most such time, where probe_timeout is not more; the round trip decides between the two"
    )
    probe_failures: int = _count(3, 1, 100, "close a session after this many failed probes in a row")
    close: float = _seconds(2, 0.1, 30, "time a client has to answer the closing handshake")
    drain: float = _seconds(60, 0, 3600, "time a drain waits for sessions to end by themselves")


def _frequency(default: float, description: str) -> float:
    return field(default=default, metadata={"range": Range(description, 1, 100_000, "/s")})


MAX_MBPS = 1_000_000.0
"""Mbit/s; a budget of so much is none."""


def _budget(whose: str, default: float = MAX_MBPS) -> float:
    allowed = Range(f"most payload {whose}, in each direction", 0.1, MAX_MBPS, "Mbit/s")
    return field(default=default, metadata={"range": allowed})


@dataclass(frozen=True)
class Limits(SettingGroup):
    """How much the daemon takes on, and from whom. docs/protection.md says why the defaults are what they are."""

    max_sessions: int = _count(8000, 1, 100_000, "most live sessions at once, at all workers together")
    max_sessions_per_address: int = _count(
        256, 1, 100_000, "most live sessions at once from one IPv4 address or IPv6 customer prefix"
    )
    max_sessions_per_network: int = _count(1000, 1, 100_000, "most live sessions at once from one IPv4 /24 or IPv6 /48")
    handshakes_per_second: float = _frequency(400.0, "most new sessions in a second, at all workers together")
    handshakes_per_second_per_address: float = _frequency(
        30.0, "most new sessions in a second from one IPv4 address or IPv6 customer prefix, as the mean of 10 s"
    )
    max_unfinished_handshakes: int = _count(
        2000, 1, 100_000, "most connections without a session at once, at all workers together"
    )
    max_unfinished_handshakes_per_address: int = _count(
        256, 1, 100_000, "most connections without a session at once from one IPv4 address or IPv6 customer prefix"
    )
    breaker_failures: int = _count(
        64, 1, 100_000, "failed sessions of an address within a minute that open its circuit breaker"
    )
    breaker_failures_per_profile: int = _count(
        32, 1, 100_000, "the same for its sessions of one profile; then only that profile is refused"
    )
    breaker_handshakes: int = _count(
        256, 1, 100_000, "handshakes of an address that came to nothing within a minute and open its circuit breaker"
    )
    breaker_open: float = _seconds(30, 1, 3600, "time for which a circuit breaker opens; twice as long each next time")
    breaker_max_open: float = _seconds(900, 1, 86400, "most such time, where breaker_open is not more")
    daemon_mbps: float = _budget("of all sessions together, at all workers")
    block_mbps: float = _budget("of an IPv4 /24 or IPv6 /48")
    customer_mbps: float = _budget("of an IPv4 address or IPv6 customer prefix", 2000.0)
    session_mbps: float = _budget("of one session")

    @property
    def bounds_traffic(self) -> bool:
        """Whether there is a budget of payload at all."""
        return min(self.daemon_mbps, self.block_mbps, self.customer_mbps, self.session_mbps) < MAX_MBPS
