"""Runs that somebody else permits by a signed token."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from household.v1 import server_service_pb2 as server_pb
from householdd.admission.run_tokens import NEEDED, NO_RUN, USED, WRONG
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.websocket_clients import OldPage, client

OLD, NEW = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory = tmp_path_factory.mktemp("daemon")
    sign_with(directory, OLD)
    env = {"HOUSEHOLDD_TOKENS__SECRET_FILE": str(directory / "secret")}
    with running(directory, "--workers", "2", env=env) as daemon:
        yield daemon


def sign_with(directory: Path, secret: str) -> None:
    file = directory / "secret"
    file.write_text(f"{secret}\n")
    file.chmod(0o600)


def token(name: str, secret: str = OLD) -> str:
    return jwt.encode({"exp": time.time() + 300, "jti": name}, secret, "HS256")


async def refusal(daemon: Daemon, query: str) -> str | None:
    try:
        async with client(daemon, "probe", OldPage, query) as probe:
            await probe.opened()
    except InvalidStatus as refused:
        response = refused.response
        return f"{response.status_code} {(response.body or b'').decode().strip()}"
    return None


def asked(daemon: Daemon, query: str) -> object:
    """What the page is told when it asks why; None where it would be let in."""
    url = f"{daemon.url}ws/virtual-household/probe{query}"
    try:
        with urllib.request.urlopen(url, context=daemon.tls) as answer:
            row = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.read().decode().strip()}"
    assert "token" not in row["websocket_url"]
    return row.get("refused")


async def test_a_run_takes_a_token_of_its_own(guarded: Daemon) -> None:
    own = token("own")
    # One token would be good for any number of sessions that name no run.
    assert await refusal(guarded, f"?token={own}") == f"401 {NO_RUN}"
    assert await asyncio.to_thread(asked, guarded, f"?token={own}") == f"401 {NO_RUN}"
    assert await refusal(guarded, "?test_id=a") == f"401 {NEEDED}"
    assert await asyncio.to_thread(asked, guarded, "?test_id=a") == f"401 {NEEDED}"
    assert await refusal(guarded, f"?test_id=a&token={token('own', NEW)}") == f"401 {WRONG}"
    # To ask is not to use.
    assert await asyncio.to_thread(asked, guarded, f"?test_id=b&token={own}") is None
    # Several connections, whichever workers they come to.
    assert [await refusal(guarded, f"?test_id=a&token={own}") for _ in range(4)] == [None] * 4
    assert [await refusal(guarded, f"?test_id=b&token={own}") for _ in range(4)] == [f"401 {USED}"] * 4
    assert await asyncio.to_thread(asked, guarded, f"?test_id=b&token={own}") == f"401 {USED}"
    counts = {each.cause: each.count for each in guarded.get_server().totals.refusals}
    assert counts[server_pb.REFUSAL_CAUSE_TOKEN] == 7
    assert own.split(".")[2] not in guarded.log.read_text()


def test_householdctl_shows_its_token_and_what_was_said(guarded: Daemon) -> None:
    def played(**env: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "householdctl", "test", guarded.url],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S * 2,
        )
        assert done.returncode == 1
        return done.stderr

    assert f"401 Unauthorized: {NEEDED}" in played()
    assert f"401 Unauthorized: {WRONG}" in played(HOUSEHOLDCTL_TEST_TOKEN="x.y.z")


async def test_a_reload_reads_the_key_anew(guarded: Daemon) -> None:
    sign_with(guarded.directory, NEW)
    guarded.process.send_signal(signal.SIGHUP)
    await asyncio.to_thread(wait_until, lambda: guarded.events("reloaded"), "the reload")
    for _ in range(200):
        # Workers read it a moment later, each by itself.
        if await refusal(guarded, f"?test_id=c&token={token('new', NEW)}") is None:
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the new key was not read")
