"""Outcome of a delivery attempt, and time of the next."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus

FIRST_WAIT_S = 10.0
"""Seconds until the second attempt; doubled each time, up to ``MAX_WAIT_S``."""

MAX_WAIT_S = 3600.0

MAX_AGE_S = 86400.0
"""Age of a run, in seconds, after which a failed attempt is the last."""

_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class DeliveryOutcome(Enum):
    """Outcome of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """Retried later."""
    REFUSED = "refused"
    """Never retried."""


def outcome(status: int) -> DeliveryOutcome:
    """Return the outcome for a status code (RFC 9110): of 4xx, only 408 and 429 are retried.

    A redirect is a failure: it is not followed, and the operator may correct the URL.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return DeliveryOutcome.DELIVERED
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _AGAIN:
        return DeliveryOutcome.REFUSED
    return DeliveryOutcome.FAILED


def asked_wait(retry_after: str | None, now: float) -> float:
    """Return the seconds that a Retry-After header (RFC 9110) asks for; 0 if absent or malformed.

    The header is a number of seconds or a date; ``now`` is Unix time.
    """
    if retry_after is None:
        return 0.0
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        return max(parsedate_to_datetime(retry_after).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return 0.0


def wait(attempts: int, chance: float, asked: float = 0.0) -> float:
    """Return the seconds until the next attempt after ``attempts`` failed ones; at least ``asked``.

    ``chance``, from 0 to 1, takes off up to half, so that runs that failed together are not retried together.
    """
    # Twenty doublings exceed the longest wait, and do not overflow.
    whole: float = min(FIRST_WAIT_S * 2.0 ** min(attempts - 1, 20), MAX_WAIT_S)
    return max(whole * (1 - chance / 2), min(asked, MAX_WAIT_S))
