"""Answers to HTTP challenges of ACME (RFC 8555 section 8.3), which a client such as certbot puts into a directory."""

from __future__ import annotations

import os
import re
import stat

PATH = "/.well-known/acme-challenge/"

MAX_ANSWER_BYTES = 1024
"""A token, a dot and the thumbprint of a key have some 90."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FOLDERS = (".well-known", "acme-challenge")
"""Where clients put the answers below a web root."""


def read(directory: str, token: str) -> str | None:
    """Return the answer to the challenge ``token``; None where there is none.

    ``directory`` is the web root that the ACME client knows, or the folder that its answers are in. No link is followed
    below it.
    """
    if not _TOKEN.fullmatch(token):
        return None
    return _read(directory, (*_FOLDERS, token)) or _read(directory, (token,))


def _read(directory: str, names: tuple[str, ...]) -> str | None:
    *folders, name = names
    try:
        current = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        for folder in folders:
            current = _step(current, folder, os.O_DIRECTORY)
        # Not to wait for a pipe's other end.
        with open(_step(current, name, os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            answer = file.read(MAX_ANSWER_BYTES + 1)
    except OSError:
        return None
    if len(answer) > MAX_ANSWER_BYTES or not answer.isascii():
        return None
    return answer.decode().strip()


def _step(directory: int, name: str, flags: int) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | flags, dir_fd=directory)
    finally:
        os.close(directory)
