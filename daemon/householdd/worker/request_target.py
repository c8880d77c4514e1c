"""Parses the request target of a session."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from householdd.http.headers import path_of
from householdd.traffic.profiles import Profile, Profiles

SESSION_PATH = "/ws/virtual-household/"

_USER_ID = re.compile(r"(?P<who>[A-Za-z][A-Za-z0-9-]{0,31})(_(?P<test_id>[A-Za-z0-9._-]{1,64}))?")
_TEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class SessionTarget:
    """Session requested by a client."""

    user_id: str
    test_id: str
    profile: Profile
    throughput: float | None
    """Requested rate in Mbit/s, or above 10,000 in bit/s; can only lower the rate of the profile."""
    parallel: bool = False
    """Whether the session joins another one of its profile and run; for bulk profiles only."""
    token: str = field(default="", repr=False)


class TargetError(ValueError):
    """A target is invalid; the message says what is allowed and may be shown to the client."""


def session_target(target: str, profiles: Profiles) -> SessionTarget:
    """Parse ``/ws/virtual-household/<who>[_<test id>][?test_id=..&throughput=..&parallel=1]``.

    Raise TargetError for an unknown user, or a label with characters other than letters, digits and ``.-_``.
    """
    user_id = path_of(target).removeprefix(SESSION_PATH)
    match = _USER_ID.fullmatch(user_id)
    profile = profiles.find(match["who"].lower()) if match else None
    if match is None or profile is None:
        known = ", ".join(profiles.by_key)
        raise TargetError(f"unknown user; known are {known}, each with _<test id> behind it if wanted")
    query = parse_qs(urlsplit(target).query)
    test_id = query.get("test_id", [match["test_id"] or ""])[0]
    if test_id and not _TEST_ID.fullmatch(test_id):
        raise TargetError("test_id: 1 to 64 letters, digits, dots, dashes and underscores are allowed")
    throughput = _number(query.get("throughput", [""])[0])
    parallel = profile.bulk and query.get("parallel") == ["1"]
    return SessionTarget(user_id, test_id, profile, throughput, parallel, query.get("token", [""])[0])


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        # Deployed clients send words here too, such as "auto".
        return None
