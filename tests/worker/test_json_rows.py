"""The JSON rows when the daemon is not at its best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from householdd.config.profiles import read_profiles
from householdd.worker.json_rows import JsonRows, RowUnavailableError, forwarded_prefix, redirect

PROFILES = read_profiles(None)


def request(**headers: str) -> Request:
    return Request("/", Headers(headers))


async def answer(rows: JsonRows, path: str) -> Mapping[str, Any] | msgspec.Raw | None:
    row = rows.find(path)
    assert row is not None
    return await row()


async def draining() -> Mapping[str, Any]:
    return {"state": "draining", "active_sessions": 3}


async def unavailable() -> Mapping[str, Any]:
    raise RowUnavailableError("the supervisor does not answer")


async def test_health_names_a_state_that_is_not_serving() -> None:
    row = await answer(JsonRows(PROFILES, draining), "/virtual-household/health")
    assert row == {"status": "draining", "active_sessions": 3}


@pytest.mark.parametrize("row", ["health", "stats"])
async def test_a_daemon_that_does_not_answer_is_said_to_be_unavailable(row: str) -> None:
    with pytest.raises(RowUnavailableError, match="does not answer"):
        await answer(JsonRows(PROFILES, unavailable), f"/api/virtual-household/{row}")


async def test_profiles_need_no_daemon() -> None:
    row = await answer(JsonRows(PROFILES, unavailable), "/virtual-household/profiles")
    assert isinstance(row, Mapping)
    assert set(row["profiles"]) == {"alex", "sarah", "jake", "computer"}


async def test_other_paths_have_no_row() -> None:
    assert JsonRows(PROFILES, draining).find("/virtual-household/other") is None


def test_a_client_that_names_no_host_is_sent_to_this_machine() -> None:
    row = redirect(request(), "/ws/virtual-household/alex", tls=False, port=8443)
    assert row["websocket_url"] == "ws://localhost:8443/ws/virtual-household/alex"


@pytest.mark.parametrize(
    ("sent", "prefix"),
    [
        ("/speed", "/speed"),
        ("/speed/", "/speed"),
        ("/a/b.c", "/a/b.c"),
        ("", ""),
        ("/", ""),
        ("speed", ""),
        ("//evil.example", ""),
        ('/a"b', ""),
        ("/a?b", ""),
        ("/" + "a" * 65, ""),
    ],
)
def test_a_prefix_is_a_path_or_nothing(sent: str, prefix: str) -> None:
    assert forwarded_prefix(request(**{"X-Forwarded-Prefix": sent})) == prefix
