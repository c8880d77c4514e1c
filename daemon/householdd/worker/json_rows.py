"""The JSON rows beside the sessions: what the deployed page asks before it connects, and public aggregates."""

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
    """A row cannot be answered at the moment; the message says why."""


Stats = Callable[[], Awaitable[Mapping[str, Any]]]
"""Aggregates over the whole daemon; no addresses among them. Raises RowUnavailableError."""

Runs = Callable[[str], Awaitable[bytes | None]]
"""A stored run as JSON, by its id; None where there is none. Raises RowUnavailableError."""

Row = Callable[[], Awaitable[Mapping[str, Any] | msgspec.Raw | None]]
"""Answers with JSON; None where nothing is stored under that id. Raises RowUnavailableError."""

RUNS_PATH = "/virtual-household/runs/"


async def no_run(_: str) -> bytes | None:
    """Where runs are not kept, or not shown."""
    return None


class JsonRows:
    """Answers ``GET /virtual-household/{health,profiles,stats,runs/ID}``, each also under ``/api``."""

    def __init__(self, profiles: Profiles, stats: Stats, runs: Runs = no_run) -> None:
        self._profiles = profiles
        self.stats = stats
        self._runs = runs

    def find(self, path: str) -> Row | None:
        """Return the row at ``path``; None where there is none."""
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
    """What a session's URL says to a request without upgrade: connect right here.

    The host is the one that the client used, which may be a proxy's; the row tells it nothing it did not know.
    """
    host = header(request, "Host") or f"localhost:{port}"
    # Without TLS there is a proxy in front, and it knows what its client speaks.
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
    """Return the path below which a proxy serves us, by ``X-Forwarded-Prefix``; empty where it is no path."""
    match = _PREFIX.fullmatch(header(request, "X-Forwarded-Prefix"))
    return match[0].rstrip("/") if match else ""


def refusal(denial: Denial | None) -> Mapping[str, Any]:
    """What the same row adds where an upgrade would be refused: the words, and the cause for programs."""
    if denial is None:
        return {}
    return {
        "refused": denial.message,
        "refusal": {"cause": denial.cause.value, "retry_after": denial.retry_after},
    }
