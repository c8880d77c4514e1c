"""Responses to HTTP challenges of ACME (RFC 8555 section 8.3), from the directory of a client such as certbot."""

from __future__ import annotations

import os
import re
import stat

PATH = "/.well-known/acme-challenge/"

MAX_ANSWER_BYTES = 1024
"""Size limit of a response: a token, a dot and the thumbprint of a key take some 90 bytes."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FOLDERS = (".well-known", "acme-challenge")
"""Path of the responses below a web root."""


def read(directory: str, token: str) -> str | None:
    """Return the response to the challenge ``token``, or None.

    ``directory`` is the web root of the ACME client, or the folder of its responses. Links below it are not followed.
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
        # Nonblocking, because opening a pipe would wait for its writer.
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
