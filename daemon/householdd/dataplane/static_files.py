"""The page, read into memory at the start: nothing a client asks for ever touches the file system."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; worker-src 'self'; "
    "connect-src 'self' wss:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class StaticFile:
    """A file as it is sent."""

    body: bytes
    content_type: str
    etag: str


def load() -> dict[str, StaticFile]:
    """Every file of the built page by URL path; empty where the page was not built."""
    root = files("householdd") / "static"
    if not root.is_dir():
        return {}
    found = {"/" + path: _read(file) for path, file in _walk(root, "")}
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def _walk(directory: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    entries: list[tuple[str, Traversable]] = []
    for entry in directory.iterdir():
        if entry.is_dir():
            entries += _walk(entry, f"{prefix}{entry.name}/")
        else:
            entries.append((prefix + entry.name, entry))
    return entries


def _read(file: Traversable) -> StaticFile:
    body = file.read_bytes()
    kind, _ = mimetypes.guess_type(file.name)
    content_type = kind or "application/octet-stream"
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return StaticFile(body, content_type, f'"{hashlib.sha256(body).hexdigest()[:20]}"')
