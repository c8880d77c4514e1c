"""A page of another site plays a household as pages of the earlier system do, in their order of requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from household.v1 import history_service_pb2 as history_pb
from tests.daemon import Daemon, running, wait_until

PLAY = """async ({server, resultPort, seconds}) => {
  const seen = { samples: 0, warmUpBytes: 0, sessions: {} };
  const answer = await fetch(`${server}/api/warmup/bulk-download`);
  const reader = answer.body.getReader();
  const until = performance.now() + 2000;
  while (performance.now() < until) {
    const { value, done } = await reader.read();
    if (done) break;
    seen.samples += 1;
    seen.warmUpBytes += value.length;
  }
  await reader.cancel();
  const update = await fetch(`${server.replace(/:\\d+$/, '')}:${resultPort}/update-profile`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user_type: 'computer', profile_updates: { download_mbps: 50, upload_mbps: 0.1 } }),
  });
  seen.update = await update.json();
  const testId = Math.floor(Date.now() / 1000);
  const play = async (who) => {
    const row = await (await fetch(`${server}/ws/virtual-household/${who}`)).json();
    const socket = new WebSocket(`${row.websocket_url}?test_id=${testId}`);
    const session = (seen.sessions[who] = { redirect: row.redirect, received: 0, sent: 0, updates: 0, words: [] });
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') { session.received += data.size; return; }
      const message = JSON.parse(data);
      if (message.type === 'ping') {
        const { sequence, timestamp } = message;
        socket.send(JSON.stringify({ type: 'pong', user_id: who, sequence, timestamp, client_timestamp: Date.now() }));
      } else if (message.type === 'real_upload_request') {
        for (let left = message.target_bytes; left > 0; left -= 65536) {
          const chunk = Math.min(left, 65536);
          socket.send(new ArrayBuffer(chunk));
          session.sent += chunk;
        }
      } else if (message.type === 'real_time_update') {
        session.updates += 1;
        session.words.push(message.bufferbloat_severity);
      }
    };
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    return socket;
  };
  const sockets = await Promise.all(['alex', 'sarah', 'jake', 'computer'].map(play));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const closed = sockets.map((socket) => new Promise((resolve) => { socket.onclose = resolve; }));
  const stop = await fetch(`${server}/api/virtual-household/stop-user-sessions/${testId}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ reason: 'test complete' }),
  });
  seen.stop = stop.status;
  seen.codes = (await Promise.all(closed)).map((event) => event.code);
  const missing = await fetch(`${server}/nothing-here`);
  seen.missing = missing.status;
  seen.testId = String(testId);
  return seen;
}"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A site of its own; its origin."""
    (tmp_path / "index.html").write_text("<!doctype html><title>A central site</title><link rel=icon href=data:,>")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def legacy(tmp_path: Path) -> Iterator[Daemon]:
    config = tmp_path / "householdd.toml"
    config.write_text('legacy = true\nlegacy_listen = "127.0.0.1:0"\n')
    with running(tmp_path, "--config", str(config), "--workers", "2") as daemon:
        yield daemon


def test_a_page_of_another_site_plays_its_household_to_the_end(legacy: Daemon, site: str, browser: Browser) -> None:
    (event,) = legacy.events("listening for pages of the earlier system")
    about = {"server": legacy.url.rstrip("/"), "resultPort": int(event["address"].rpartition(":")[2]), "seconds": 7}
    with browser.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto(site)
        seen: dict[str, Any] = page.evaluate(PLAY, about)
    assert seen["samples"] >= 10
    assert seen["warmUpBytes"] > 1_000_000
    assert seen["update"] == {"success": True}
    for who, session in seen["sessions"].items():
        assert session["redirect"] is True
        assert session["received"] > 100_000, who
        assert session["sent"] > 10_000, who
        assert session["updates"] > 10, who
        assert set(session["words"]) <= {"none", "mild", "moderate", "severe"}
    assert (seen["stop"], seen["codes"], seen["missing"]) == (200, [1000] * 4, 404)

    def runs() -> list[history_pb.Run]:
        return list(legacy.history.ListRuns(history_pb.ListRunsRequest(), timeout=10).runs)

    wait_until(runs, "the run")
    (run,) = runs()
    assert (run.source, run.test_id) == (history_pb.RUN_SOURCE_SERVER, seen["testId"])
    assert {person.who for person in run.people} == {"alex", "sarah", "jake", "computer"}
