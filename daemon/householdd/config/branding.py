"""``[branding]``: the operator's brand on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from householdd.http import contrast
from householdd.http.branding import DARK_SURFACE, LIGHT_SURFACE, Brand, Logo, LogoType

MAX_LOGO_BYTES = 64 * 1024
"""Bytes: each customer's phone loads it before the test."""

_COLOUR = re.compile("#[0-9a-f]{6}", re.ASCII | re.IGNORECASE)
_LINK = re.compile(r"(?=.{1,500}\Z)https?://[^\s/]+(/\S*)?", re.ASCII | re.IGNORECASE)


def read_logo(file: Path) -> Logo:
    """Raise ValueError for a file that is too large, or not SVG, PNG or WebP."""
    try:
        with file.open("rb") as opened:
            body = opened.read(MAX_LOGO_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    if len(body) > MAX_LOGO_BYTES:
        raise ValueError(f"{file}: more than {MAX_LOGO_BYTES // 1024} KiB")
    kind = _kind(body)
    if kind is None:
        raise ValueError(f"{file}: neither SVG, PNG nor WebP")
    return Logo(body, kind)


def _kind(body: bytes) -> LogoType | None:
    """Return the type by content; the file's name does not matter."""
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "image/webp"
    return "image/svg+xml" if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml")) else None


def _logo(file: Path) -> Path:
    read_logo(file)
    return file


def _readable_on(surface: str) -> AfterValidator:
    def check(colour: str) -> str:
        if not _COLOUR.fullmatch(colour):
            raise ValueError("write a colour as #rrggbb")
        ratio = contrast.ratio(colour, surface)
        if ratio < contrast.MIN_CONTRAST:
            # Cut, not rounded, so that it never looks like enough.
            raise ValueError(
                f"{colour} on {surface} has a contrast of {int(ratio * 100) / 100}; "
                f"at least {contrast.MIN_CONTRAST} is needed"
            )
        return colour

    return AfterValidator(check)


def _link(url: str) -> str:
    if not _LINK.fullmatch(url):
        raise ValueError("write a URL that begins with https:// or http://, of at most 500 characters")
    return url


_HTTPS_LINK = re.compile(r"(?=.{1,500}\Z)https://[^\s/]+(/\S*)?", re.ASCII | re.IGNORECASE)


def _https_link(url: str) -> str:
    if not _HTTPS_LINK.fullmatch(url):
        raise ValueError("write a URL that begins with https://, of at most 500 characters")
    return url


_HttpsLink = Annotated[str, AfterValidator(_https_link)]


class BrandingSettings(BaseModel):
    """Empty by default."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    link: Annotated[str, AfterValidator(_link)] | None = None
    logo: Annotated[Path, AfterValidator(_logo)] | None = None
    accent: Annotated[str, _readable_on(LIGHT_SURFACE)] | None = None
    accent_dark: Annotated[str, _readable_on(DARK_SURFACE)] | None = None
    privacy_link: _HttpsLink | None = Field(None, description="Leads from the page's footer to the privacy notice.")
    imprint_link: _HttpsLink | None = Field(None, description="Leads from the page's footer to the imprint.")
    help_link: _HttpsLink | None = Field(None, description="Leads from the page's footer to help with the connection.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.name is None and (self.link is not None or self.logo is not None):
            raise ValueError("a link or logo needs a name, which screen readers read out")
        return self

    def read(self) -> Brand:
        """Raise ValueError if the logo can no longer be used."""
        logo = None if self.logo is None else read_logo(self.logo)
        return Brand(
            self.name,
            self.link,
            logo,
            self.accent,
            self.accent_dark,
            self.privacy_link,
            self.imprint_link,
            self.help_link,
        )
