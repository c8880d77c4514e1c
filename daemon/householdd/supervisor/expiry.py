"""Tells the log how long the certificates in use are valid."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from householdd.config.certificates import Certificate

log = structlog.get_logger("supervisor")

DAY_S = 86400

NOTICE_S = 7 * DAY_S
"""Time before the end of a certificate from which on it is a warning."""


def log_validity(certificates: Iterable[Certificate], now: float) -> None:
    """Write a line for each certificate; ``now`` is Unix time."""
    for each in certificates:
        left = each.expires_at - now
        facts = {"setting": each.setting, "file": str(each.path), "until": each.valid_until, "days": int(left // DAY_S)}
        if fault := each.fault(now):
            log.error("certificate refused by clients", **facts, problem=fault)
        elif left < NOTICE_S:
            log.warning("certificate ends soon", **facts)
        else:
            log.info("certificate in use", **facts)
