"""``[history.webhook]`` of the configuration: who is told of finished runs, and the secret that signs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from householdd.core.addresses import Address

LEAST_SECRET = 32
"""Bytes; as many as the hash has (RFC 2104, section 3)."""

MOST_SECRET = 1024

_PRINTABLE = re.compile(r"[!-~]{1,2000}", re.ASCII)


def read_secret(file: Path) -> bytes:
    """Reads a secret; a newline at the end, as editors leave it, is no part of it. Raises ValueError."""
    try:
        with file.open("rb") as opened:
            secret = opened.read(MOST_SECRET + 2).removesuffix(b"\n").removesuffix(b"\r")
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    if not LEAST_SECRET <= len(secret) <= MOST_SECRET:
        size = f"{len(secret)} bytes" if len(secret) <= MOST_SECRET else f"more than {MOST_SECRET} bytes"
        raise ValueError(f"{file}: {size}; allowed are {LEAST_SECRET} to {MOST_SECRET}")
    return secret


def _secret_file(file: Path) -> Path:
    read_secret(file)
    return file


def _url(text: str) -> str:
    allowed = "write https://HOST/PATH, or http:// to a loopback address; without user, password and fragment"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(allowed) from None
    if not _PRINTABLE.fullmatch(text) or not host or "@" in parts.netloc or "#" in text:
        raise ValueError(allowed)
    if parts.scheme == "https" or (parts.scheme == "http" and Address(host, 0).is_loopback):
        return text
    raise ValueError(allowed)


class WebhookSettings(BaseModel):
    """Without ``url`` nobody is told."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_url)] | None = None
    secret_file: Annotated[Path, AfterValidator(_secret_file)] | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.url is None) != (self.secret_file is None):
            raise ValueError("url and secret_file belong together; give both or neither")
        return self
