"""Files that hold secrets."""

from __future__ import annotations

import stat
from pathlib import Path

MIN_SECRET_BYTES = 32
"""Bytes: the output of SHA-256 (RFC 2104, section 3)."""

MAX_SECRET_BYTES = 1024
"""Bytes."""


def read_secret(file: Path) -> bytes:
    """Read a secret without the newline at the end. Raise ValueError."""
    try:
        with file.open("rb") as opened:
            secret = opened.read(MAX_SECRET_BYTES + 2).removesuffix(b"\n").removesuffix(b"\r")
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    if not MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES:
        size = f"{len(secret)} bytes" if len(secret) <= MAX_SECRET_BYTES else f"more than {MAX_SECRET_BYTES} bytes"
        raise ValueError(f"{file}: {size}; allowed are {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES}")
    return secret


def mode_problem(mode: int) -> str | None:
    """Return what is wrong if others may read the file, or its group change it."""
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        return f"mode {stat.S_IMODE(mode):04o} gives access to others; allowed is 0640 or stricter"
    return None
