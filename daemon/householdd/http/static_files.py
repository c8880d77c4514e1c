"""Built pages, read into memory at start."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; worker-src 'self'; "
    "connect-src 'self' wss:; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class StaticFile:
    """Served file."""

    body: bytes
    content_type: str
    policy: str
    """Content-Security-Policy."""
    etag: str
    """Of body and policy. Weak, because both encodings share it."""
    gzipped: bytes | None
    """None if that saves less than a tenth."""


def static_file(body: bytes, content_type: str, policy: str = "default-src 'none'") -> StaticFile:
    digest = hashlib.sha256(policy.encode() + b"\0" + body).hexdigest()
    gzipped = gzip.compress(body, mtime=0)
    return StaticFile(
        body, content_type, policy, f'W/"{digest[:20]}"', gzipped if len(gzipped) < len(body) * 0.9 else None
    )


def load(folder: str, policy: str) -> dict[str, StaticFile]:
    """Return the files of ``page`` or ``dashboard`` by URL path; empty if not built."""
    root = files("householdd") / "static" / folder
    if not root.is_dir():
        return {}
    found = {"/" + path: _read(file, policy) for path, file in _walk(root, "")}
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def load_page(frame_ancestors: Iterable[str] = ()) -> dict[str, StaticFile]:
    """Return the page; only pages of ``frame_ancestors`` may embed it."""
    allowed = " ".join(frame_ancestors) or "'none'"
    return load("page", f"{_PAGE_POLICY}; frame-ancestors {allowed}")


def _walk(directory: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    entries: list[tuple[str, Traversable]] = []
    for entry in directory.iterdir():
        if entry.is_dir():
            entries += _walk(entry, f"{prefix}{entry.name}/")
        else:
            entries.append((prefix + entry.name, entry))
    return entries


def _read(file: Traversable, policy: str) -> StaticFile:
    body = file.read_bytes()
    kind, _ = mimetypes.guess_type(file.name)
    content_type = kind or "application/octet-stream"
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return static_file(body, content_type, policy)
