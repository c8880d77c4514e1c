"""The operator's brand, inserted into the page at load time: browsers need no script."""

from __future__ import annotations

import html
import re
from typing import Literal

import msgspec

from householdd.http.contrast import ratio
from householdd.http.static_files import StaticFile, static_file

LIGHT_SURFACE, DARK_SURFACE = "#ffffff", "#191c29"
"""``--surface`` of the page's style sheet in both schemes."""

INKS = ("#ffffff", "#14122e")
"""One is always legible."""

HEAD, BODY, FOOT = "<!-- brand: head -->", "<!-- brand: body -->", "<!-- brand: foot -->"

PREVIEW = "card.png"
"""Preview of a link to the page."""

_TITLE = re.compile("<title[^>]*>([^<]*)</title>")
_DESCRIPTION = re.compile('<meta name="description" content="([^"]*)">')

LOGO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG opened directly is a document, and must not run scripts."""

LogoType = Literal["image/svg+xml", "image/png", "image/webp"]


class Logo(msgspec.Struct, frozen=True):
    """Image as served."""

    body: bytes
    content_type: LogoType


class Brand(msgspec.Struct, frozen=True):
    """Validated brand; None for what is not set."""

    name: str | None = None
    link: str | None = None
    logo: Logo | None = None
    accent: str | None = None
    accent_dark: str | None = None
    privacy_link: str | None = None
    imprint_link: str | None = None
    help_link: str | None = None


def apply(files: dict[str, StaticFile], brand: Brand) -> dict[str, StaticFile]:
    index = files.get("/index.html")
    if index is None:
        return files
    added: dict[str, StaticFile] = {}
    style = _style(brand)
    if style:
        added["/brand.css"] = static_file(style.encode(), "text/css; charset=utf-8")
    if brand.logo is not None:
        added["/logo"] = static_file(brand.logo.body, brand.logo.content_type, LOGO_POLICY)
    page = index.body.decode()
    head = ('<link rel="stylesheet" href="brand.css">' if style else "") + _preview(page, brand)
    page = page.replace(HEAD, head).replace(BODY, _mark(brand)).replace(FOOT, _footer(brand))
    added["/"] = added["/index.html"] = static_file(page.encode(), index.content_type, index.policy)
    return {**files, **added}


def _mark(brand: Brand) -> str:
    """Return the logo, or the name, linked if possible."""
    if brand.name is None:
        return ""
    name = html.escape(brand.name)
    inner = f'<img src="logo" alt="{name}">' if brand.logo is not None else f"<span>{name}</span>"
    if brand.link is None:
        return f'<p class="brand">{inner}</p>'
    # Leave the frame if embedded.
    link = html.escape(brand.link)
    return f'<p class="brand"><a href="{link}" target="_top" rel="noopener">{inner}</a></p>'


def _footer(brand: Brand) -> str:
    """Return the links; the page labels them in the reader's language."""
    links = {"help": brand.help_link, "privacy": brand.privacy_link, "imprint": brand.imprint_link}
    return "".join(
        f'<a href="{html.escape(link)}" target="_top" rel="noopener" data-text="{name}">{name.title()}</a>'
        for name, link in links.items()
        if link is not None
    )


def _preview(page: str, brand: Brand) -> str:
    title, description = _TITLE.search(page), _DESCRIPTION.search(page)
    if title is None or description is None:
        return ""
    name = "" if brand.name is None else f"{html.escape(brand.name)}: "
    contents = {
        "type": "website",
        "title": f"{name}{title[1]}",
        "description": description[1],
        "image": PREVIEW,
        "image:width": "1200",
        "image:height": "630",
    }
    return "".join(f'<meta property="og:{key}" content="{content}">' for key, content in contents.items())


def _style(brand: Brand) -> str:
    light, dark = brand.accent, brand.accent_dark
    rules = f":root{{{_properties(light)}}}" if light else ""
    if dark:
        rules += f"@media screen and (prefers-color-scheme:dark){{:root:not([data-print]){{{_properties(dark)}}}}}"
    return rules


def _properties(accent: str) -> str:
    ink = max(INKS, key=lambda each: ratio(each, accent))
    return f"--accent:{accent};--accent-ink:{ink}"
