"""When a webhook's delivery is over, and when it is tried again."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus

FIRST_WAIT_S = 10.0
"""Seconds until the second attempt; twice as long each time, up to ``LAST_WAIT``."""

MAX_WAIT_S = 3600.0

MAX_AGE_S = 86400.0
"""Seconds after which an attempt that fails is the last one."""

_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class DeliveryOutcome(Enum):
    """What an attempt has come to."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """To be tried again."""
    REFUSED = "refused"
    """Another attempt would be refused as well."""


def outcome(status: int) -> DeliveryOutcome:
    """What a receiver's status code means, RFC 9110: of 4xx only 408 and 429 are worth another attempt.

    A redirect is a failure: it is not followed, and the operator may still correct the URL.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return DeliveryOutcome.DELIVERED
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _AGAIN:
        return DeliveryOutcome.REFUSED
    return DeliveryOutcome.FAILED


def asked_wait(retry_after: str | None, now: float) -> float:
    """Seconds that a Retry-After header asks for, RFC 9110: a number of them, or a date; ``now`` is Unix time.

    0 without one and for one that says nothing.
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
    """Seconds until the next attempt after ``attempts`` that failed; as many as the receiver ``asked`` for, or more.

    ``chance``, from 0 to 1, takes off up to half of our own wait: what failed together shall not come back together.
    """
    # Twenty doublings are far beyond the last wait, and no overflow.
    whole: float = min(FIRST_WAIT_S * 2.0 ** min(attempts - 1, 20), MAX_WAIT_S)
    return max(whole * (1 - chance / 2), min(asked, MAX_WAIT_S))
