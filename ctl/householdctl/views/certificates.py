"""Certificates of the daemon, and whether clients accept them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from household.v1.server_service_pb2 import Certificate, Server

DAY_S = 86400

NOTICE_S = 7 * DAY_S
"""In seconds."""


def facts(server: Server) -> list[tuple[str, str]]:
    return [(f"certificate, {each.setting}", _validity(each)) for each in server.certificates]


def problems(server: Server) -> list[str]:
    """Return a line for each certificate that clients refuse, or will soon."""
    return [
        f"certificate {each.setting} ({each.file}) is {_validity(each)}"
        for each in server.certificates
        if is_refused(each) or _left(each.expires_at) < NOTICE_S
    ]


def is_refused(certificate: Certificate) -> bool:
    return _left(certificate.expires_at) <= 0 or _left(certificate.valid_from) > 0


def _validity(certificate: Certificate) -> str:
    left = _left(certificate.expires_at)
    if left <= 0:
        return f"expired since {_date(certificate.expires_at)} ({_days(-left)} ago); clients refuse it"
    if _left(certificate.valid_from) > 0:
        return f"not valid before {_date(certificate.valid_from)}; clients refuse it"
    return f"valid until {_date(certificate.expires_at)} (for {_days(left)})"


def _left(moment: Timestamp) -> float:
    return moment.ToNanoseconds() / 1e9 - time.time()


def _date(moment: Timestamp) -> str:
    return f"{moment.ToDatetime():%Y-%m-%d %H:%M} UTC"


def _days(seconds: float) -> str:
    days = int(seconds // DAY_S)
    return f"{days} day{'s' * (days != 1)}"
