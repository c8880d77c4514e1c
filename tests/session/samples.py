"""Sessions and texts that several tests begin with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from householdd.config.profiles import read_profiles
from householdd.session.commands import Command, Send
from householdd.session.messages import encode
from householdd.session.session import Identity, Session
from householdd.settings.definitions import Timeouts
from householdd.traffic.profiles import Profile

START = 1000.0
"""Monotonic time at which sample sessions begin; not zero, since a monotonic clock's zero means nothing."""

WALL = 1_700_000_000.0
"""Unix time of the same moment."""

SESSION_ID = "0b7c0a1e-0000-4000-8000-000000000490"
"""Id of sample sessions; their WebSocket pings are due at ``START`` and each half second."""

PROFILES = read_profiles(None)
"""The profiles that come with the package."""


def handshaking(who: str = "alex", timeouts: Timeouts | None = None, profile: Profile | None = None) -> Session:
    """A session whose handshake is under way; ``profile`` stands in for the package's."""
    profile = profile or PROFILES.find(who)
    assert profile is not None
    identity = Identity(SESSION_ID, f"{who}_42", "42", "192.0.2.7", 51234, "Browser/1.0")
    return Session(identity, profile, timeouts or Timeouts(), START, WALL)


def active(who: str = "alex", timeouts: Timeouts | None = None, profile: Profile | None = None) -> Session:
    """A session that just opened."""
    session = handshaking(who, timeouts, profile)
    session.open()
    return session


def transcript(commands: Iterable[Command]) -> list[Any]:
    """The commands in order: messages as a client reads them, others as they are."""
    return [json.loads(encode(each.message)) if isinstance(each, Send) else each for each in commands]


def spoken(commands: Iterable[Command]) -> list[Any]:
    """Only the messages, as a client reads them."""
    return transcript(each for each in commands if isinstance(each, Send))
