"""Files with secrets that the configuration names."""

from __future__ import annotations

import stat
from pathlib import Path

MIN_SECRET_BYTES = 32
"""Bytes; as many as the hash has (RFC 2104, section 3)."""

MAX_SECRET_BYTES = 1024


def read_secret(file: Path) -> bytes:
    """Reads a secret; a newline at the end, as editors leave it, is no part of it. Raises ValueError."""
    try:
        with file.open("rb") as opened:
            secret = opened.read(MAX_SECRET_BYTES + 2).removesuffix(b"\n").removesuffix(b"\r")
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    if not MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES:
        size = f"{len(secret)} bytes" if len(secret) <= MAX_SECRET_BYTES else f"more than {MAX_SECRET_BYTES} bytes"
        raise ValueError(f"{file}: {size}; allowed are {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES}")
    return secret


def lets_others_in(mode: int) -> str | None:
    """What is wrong with a file's mode, if it is: others may read it, or its group may change it."""
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        return f"mode {stat.S_IMODE(mode):04o} lets others in; allowed is 0640 or less"
    return None
