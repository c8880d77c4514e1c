"""Reads TOML as people save it."""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path
from typing import Any, Protocol


class Readable(Protocol):
    """A file, or one of a package."""

    def read_bytes(self) -> bytes:
        """Return all of it."""


def read_toml(file: Path | Readable) -> dict[str, Any]:
    """Return what ``file`` holds. Raise OSError, or ValueError in words for its author.

    UTF-8 whatever the locale is; the mark that some editors put in front of it is no part of the text.
    """
    data = file.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("not UTF-8 but UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"not UTF-8: byte 0x{data[error.start]:02x} in line {line}; save it as UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from None
