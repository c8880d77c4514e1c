"""JSON rows: requests of the deployed page before it connects, and public aggregates."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from websockets.http11 import Request

from householdd.admission.admission import Denial
from householdd.http.headers import header
from householdd.session.updates import mbps
from householdd.traffic.profiles import Profiles


class RowUnavailableError(Exception):
    """A row is temporarily unavailable; the message says why."""


Stats = Callable[[], Awaitable[Mapping[str, Any]]]
"""Returns aggregates over the daemon, without addresses. Raises RowUnavailableError."""

Runs = Callable[[str], Awaitable[bytes | None]]
"""Returns a stored run as JSON by its id, or None. Raises RowUnavailableError."""

Row = Callable[[], Awaitable[Mapping[str, Any] | msgspec.Raw | None]]
"""Returns the JSON of a row; None if no run has the id. Raises RowUnavailableError."""

RUNS_PATH = "/virtual-household/runs/"


async def no_run(_: str) -> bytes | None:
    """Find no run: used when runs are not stored or not shared."""
    return None


class JsonRows:
    """Answers ``GET /virtual-household/{health,profiles,stats,runs/ID}``, each also under ``/api``."""

    def __init__(self, profiles: Profiles, stats: Stats, runs: Runs = no_run) -> None:
        self._profiles = profiles
        self.stats = stats
        self._runs = runs

    def find(self, path: str) -> Row | None:
        """Return the row at ``path``, or None."""
        match path.removeprefix("/api"):
            case run if run.startswith(RUNS_PATH):
                return partial(self._run, run.removeprefix(RUNS_PATH))
            case "/virtual-household/health":
                return self._health
            case "/virtual-household/profiles":
                return self._all_profiles
            case "/virtual-household/stats":
                return self.stats
            case _:
                return None

    async def _run(self, run_id: str) -> msgspec.Raw | None:
        found = await self._runs(run_id)
        return None if found is None else msgspec.Raw(found)

    async def _health(self) -> Mapping[str, Any]:
        stats = await self.stats()
        return {
            "status": "healthy" if stats["state"] == "serving" else stats["state"],
            "active_sessions": stats["active_sessions"],
        }

    async def _all_profiles(self) -> Mapping[str, Any]:
        return {"profiles": {key: self._profile(key) for key in self._profiles.by_key}}

    def _profile(self, key: str) -> Mapping[str, Any]:
        profile = self._profiles.by_key[key]
        return {
            "name": profile.name,
            "download_mbps": mbps(profile.download.shape().mean_bps),
            "upload_mbps": mbps(profile.upload.shape().mean_bps),
            "description": profile.description,
            "activity_type": profile.activity_type,
        }


def redirect(request: Request, path: str, *, tls: bool, port: int) -> Mapping[str, Any]:
    """Return the row of a session's URL for a request without upgrade: connect to this server.

    The host is that of the request, which may be a proxy's.
    """
    host = header(request, "Host") or f"localhost:{port}"
    # Without TLS, a proxy in front knows the scheme of the client.
    secure = tls or header(request, "X-Forwarded-Proto").lower() == "https"
    return {
        "redirect": True,
        "websocket_url": f"{'wss' if secure else 'ws'}://{host}{path}",
        "port": port,
        "architecture": "multi_process",
        "process_isolation": True,
        "connection_type": "websocket",
    }


_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}/?")


def forwarded_prefix(request: Request) -> str:
    """Return the path prefix of a proxy (``X-Forwarded-Prefix``); empty if absent or invalid."""
    match = _PREFIX.fullmatch(header(request, "X-Forwarded-Prefix"))
    return match[0].rstrip("/") if match else ""


def refusal(denial: Denial | None) -> Mapping[str, Any]:
    """Return the part of the row for an upgrade that would be refused: message and cause."""
    if denial is None:
        return {}
    return {
        "refused": denial.message,
        "refusal": {"cause": denial.cause.value, "retry_after": denial.retry_after},
    }
