"""Moments as operators write them."""

from __future__ import annotations

import datetime as dt

from householdctl.values.units import parse_duration

ALLOWED = "a date such as 2026-11-25, a time such as 2026-11-25T10:00, today, yesterday, or an age such as 2d"


def parse_moment(text: str, now: dt.datetime) -> dt.datetime:
    """Return a moment. Raise ValueError.

    Without a zone this machine's applies, as for ``today`` and ``yesterday``, which begin at midnight. A duration, or
    number of seconds, is an age.
    """
    local = now.astimezone()
    if (word := text.strip().lower()) in ("now", "today", "yesterday"):
        if word == "now":
            return now.astimezone(dt.UTC)
        # Days may have 23 or 25 hours.
        day = local.date() - dt.timedelta(days=word == "yesterday")
        return dt.datetime.combine(day, dt.time()).astimezone().astimezone(dt.UTC)
    try:
        return dt.datetime.fromisoformat(text.strip()).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    try:
        return now.astimezone(dt.UTC) - dt.timedelta(seconds=parse_duration(word.removesuffix(" ago")))
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a moment; write {ALLOWED}") from None
