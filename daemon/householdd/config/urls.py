"""Types of settings that are URLs or origins."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.ASCII | re.IGNORECASE)
"""Host-source of CSP Level 3 without a path; cannot end a directive or a header."""

_PUBLIC_URL = re.compile(
    r"https://([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:(?P<port>\d{1,5}))?(/[\w.~%!$&'()*+,;=:@-]+)*/?",
    re.ASCII | re.IGNORECASE,
)


def _frame_ancestor(value: object) -> str:
    if not _ORIGIN.fullmatch(str(value)):
        raise ValueError("write an origin, such as https://isp.example or https://*.isp.example:8443")
    return str(value)


def _session_origin(value: object) -> str:
    if value != "*" and (not _ORIGIN.fullmatch(str(value)) or "*" in str(value)):
        raise ValueError('write an origin, such as https://isp.example or http://isp.example:8080, or "*" for all')
    return str(value).lower()


def _public_url(text: str) -> str:
    match = _PUBLIC_URL.fullmatch(text)
    if match is None or not 0 < int(match["port"] or 443) < 1 << 16:
        raise ValueError("write https://HOST/ or https://HOST:PORT/PATH/, without user, query and fragment")
    return text if text.endswith("/") else f"{text}/"


FrameAncestor = Annotated[str, BeforeValidator(_frame_ancestor)]
"""Such as ``https://isp.example`` or ``https://*.isp.example:8443``."""

SessionOrigin = Annotated[str, BeforeValidator(_session_origin)]
"""As a browser names it: ``https://isp.example``; ``*`` stands for all."""

PublicUrl = Annotated[str, AfterValidator(_public_url)]
"""Ends in a slash."""
