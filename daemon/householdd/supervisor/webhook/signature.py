"""Signature headers of Standard Webhooks 1.0."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode


def headers(secret: bytes, delivery_id: str, now: float, body: bytes) -> dict[str, str]:
    """Return the headers with id, Unix time, and an HMAC-SHA256 of id, time and body."""
    timestamp = str(int(now))
    signed = b".".join((delivery_id.encode(), timestamp.encode(), body))
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
