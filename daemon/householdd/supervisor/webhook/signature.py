"""Headers that let a receiver tell our requests from others', as Standard Webhooks 1.0 writes them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode


def headers(secret: bytes, delivery_id: str, now: float, body: bytes) -> dict[str, str]:
    """Id, Unix time and HMAC-SHA256 over all three parts; with the id and time signed, neither can be exchanged."""
    timestamp = str(int(now))
    signed = b".".join((delivery_id.encode(), timestamp.encode(), body))
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
