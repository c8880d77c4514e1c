from __future__ import annotations

import asyncio
import urllib.request

import pytest
from websockets.exceptions import InvalidStatus

from tests.daemon import wait_until
from tests.proxies.conftest import Proxy
from tests.websocket_clients import OldPage, client


def test_the_page_comes_through(proxy: Proxy) -> None:
    with urllib.request.urlopen(proxy.url, context=proxy.tls) as page:
        assert b"<html" in page.read()


async def test_a_session_plays_both_ways_and_ends_for_its_own_reason(proxy: Proxy) -> None:
    async with client(proxy, "jake", OldPage) as jake:
        await jake.until(lambda: jake.received_bytes > 100_000 and jake.sent_bytes > 0)
        killed = await asyncio.to_thread(
            proxy.daemon.ctl, "sessions", "kill", jake.session_id, "--reason", "customer called", "--yes"
        )
        assert killed.returncode == 0, killed.stderr
        await jake.connection.wait_closed()
        assert jake.connection.close_reason is not None
        assert "customer called" in jake.connection.close_reason


async def test_customers_are_told_apart_and_cannot_say_that_they_are_others(proxy: Proxy) -> None:
    lie = {"X-Forwarded-For": "198.51.100.1"}
    async with (
        client(proxy, "alex", OldPage, source="127.9.0.1", headers=lie) as one,
        client(proxy, "sarah", OldPage, source="127.9.0.2") as other,
    ):
        await one.opened()
        await other.opened()
        peers = {each.user_id: each.peer_address.rpartition(":")[0] for each in proxy.daemon.list_sessions()}
    assert peers == {"alex": "127.9.0.1", "sarah": "127.9.0.2"}


async def test_a_client_that_goes_is_noticed_behind_the_proxy(proxy: Proxy) -> None:
    async with client(proxy, "alex", OldPage) as alex:
        await alex.payload()
        # Without a closing handshake, as a browser that is killed.
        alex.connection.transport.abort()
    await asyncio.to_thread(wait_until, lambda: not proxy.daemon.list_sessions(), "the session's end")


async def test_a_refusal_while_draining_comes_through(proxy: Proxy) -> None:
    assert proxy.daemon.ctl("drain", "--reason", "upgrade", "--yes").returncode == 0
    with pytest.raises(InvalidStatus) as refused:
        async with client(proxy, "alex", OldPage):
            pass
    assert refused.value.response.status_code == 503
    assert (refused.value.response.body or b"").startswith(b"Draining; try again in ")
    assert proxy.daemon.ctl("resume").returncode == 0


async def test_customers_behind_the_proxy_protocol_have_their_own_address_and_port(passing_through: Proxy) -> None:
    async with (
        client(passing_through, "alex", OldPage, source="127.9.0.1") as one,
        client(passing_through, "sarah", OldPage, source="127.9.0.2") as other,
    ):
        await one.payload()
        await other.payload()
        own = {
            each: "{}:{}".format(*client.connection.local_address) for each, client in (("alex", one), ("sarah", other))
        }
        peers = {each.user_id: each.peer_address for each in passing_through.daemon.list_sessions()}
    assert peers == own
