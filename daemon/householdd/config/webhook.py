"""``[history.webhook]``: the receiver of stored runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from householdd.clients.addresses import Address
from householdd.config.secret_files import read_secret

_PRINTABLE = re.compile(r"[!-~]{1,2000}", re.ASCII)


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
    """Off without ``url``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_url)] | None = None
    secret_file: Annotated[Path, AfterValidator(_secret_file)] | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.url is None) != (self.secret_file is None):
            raise ValueError("url and secret_file belong together; give both or neither")
        return self
