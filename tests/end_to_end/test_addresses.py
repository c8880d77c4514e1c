"""One spelling of a customer on a port for IPv4 and IPv6: in lists, kills, blocks, log and history."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.daemon import running, wait_until
from tests.websocket_clients import OldPage, client


async def test_an_ipv4_customer_of_a_port_for_both_is_found_by_its_address(tmp_path: Path) -> None:
    env = {"HOUSEHOLDD_HISTORY__ADDRESSES": "whole", "HOUSEHOLDD_LOG_LEVEL": "debug"}
    with running(tmp_path, "--listen", "[::]:0", env=env) as daemon:
        daemon.ws_url = f"wss://127.0.0.1:{daemon.address[1]}/ws/virtual-household/"

        def ctl(*arguments: str) -> tuple[int, str]:
            done = daemon.ctl(*arguments)
            return done.returncode, done.stdout + done.stderr

        async with client(daemon, "alex_1", OldPage) as page:
            (session,) = daemon.list_sessions()
            assert session.peer_address.startswith("127.0.0.1:")
            for one in ("127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.1"):
                assert [each.id for each in daemon.list_sessions(f"address = {one}")] == [session.id]
                code, said = await asyncio.to_thread(ctl, "sessions", "list", "--address", one, "-o", "csv")
                assert (code, session.id in said) == (0, True)
            for other in ("27.0.0.1", "127.0.0.10", "::1", "128.0.0.0/8"):
                assert not daemon.list_sessions(f"address = {other}")
                kill = ("sessions", "kill", "--address", other, "--block", "10m", "--reason", "abuse", "--yes")
                code, said = await asyncio.to_thread(ctl, *kill)
                assert (code, "no session matches" in said) == (4, True)
            kill = ("sessions", "kill", "--address", "127.0.0.1", "--block", "10m", "--reason", "abuse", "--yes")
            code, said = await asyncio.to_thread(ctl, *kill)
            assert (code, "killed" in said, "blocked: 127.0.0.1" in said) == (0, True, True)
            await page.connection.wait_closed()
        log = daemon.log.read_text()
        assert "ffff:" not in log
        assert '"peer": "127.0.0.1:' in log
        kept = ("history", "list", "--address", "127.0.0.1", "-o", "json")
        await asyncio.to_thread(wait_until, lambda: session.id in ctl(*kept)[1], "the session is kept")
        (record,) = json.loads(ctl(*kept)[1])["sessions"]
        assert record["session"]["peer_address"] == "127.0.0.1"
