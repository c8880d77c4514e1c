"""TOML files, with the byte order marks and encodings of editors."""

from __future__ import annotations

import codecs
import tomllib
from typing import Any, Protocol


class Readable(Protocol):
    """File on disk or in a package."""

    def read_bytes(self) -> bytes: ...


def read_toml(file: Readable) -> dict[str, Any]:
    """Raise OSError, or ValueError for the file's author.

    UTF-8 in every locale; a byte order mark is ignored.
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
