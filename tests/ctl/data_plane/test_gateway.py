"""The gateway of a route, and pings of it: real echoes and routes, in a network of the test's own where needed."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from statistics import median

import pytest

from household_scoring.home_or_line import GatewayPings
from householdctl.data_plane.gateway import GatewayPinger, HomeGateway, NoGatewayError, find_gateway
from tests.ctl.data_plane.conftest import RANGE
from tests.lab.netns import Namespace

LOOPBACK = ("127.0.0.1", "::1")
FOR_EVER = float("inf")
TIMEOUT_S = 30.0


@asynccontextmanager
async def pinging(address: str, hertz: float = 200.0) -> AsyncIterator[GatewayPinger]:
    pinger = GatewayPinger(HomeGateway(ip_address(address), "lo"))
    task = asyncio.create_task(pinger.ping(hertz, turn=0.5))
    try:
        yield pinger
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        pinger.close()


def loaded(pinger: GatewayPinger) -> GatewayPings:
    """All pings, as of a load without end."""
    facts = pinger.facts(0.0, 0.0, FOR_EVER)
    assert facts.obstacle is None
    assert facts.pings is not None
    return facts.pings


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.005)


@pytest.mark.usefixtures("may_ping")
@pytest.mark.parametrize("address", LOOPBACK)
async def test_a_gateway_that_answers(address: str, has_address: Callable[[str], bool]) -> None:
    if not has_address(address):
        pytest.skip(f"{address} is not an address of this machine")
    began = time.monotonic()
    async with pinging(address) as pinger:
        await until(lambda: len(loaded(pinger).loaded_ms) >= 20)
        facts = pinger.facts(0.0, 0.0, FOR_EVER)
        assert facts.address == address
        pings = loaded(pinger)
        assert pings.loaded_sent >= len(pings.loaded_ms)
        assert all(0 < each < (time.monotonic() - began) * 1e3 for each in pings.loaded_ms)


@pytest.mark.usefixtures("may_ping")
async def test_pings_belong_to_the_phase_in_which_they_were_sent() -> None:
    async with pinging("127.0.0.1") as pinger:
        await until(lambda: len(loaded(pinger).loaded_ms) >= 5)
        idle_until = time.monotonic()
        sent = loaded(pinger).loaded_sent
        await until(lambda: loaded(pinger).loaded_sent >= sent + 10)
        began = time.monotonic()
        before = loaded(pinger).loaded_sent
        await until(lambda: loaded(pinger).loaded_sent >= before + 10)
        facts = pinger.facts(idle_until, began, FOR_EVER).pings
        whole = loaded(pinger).loaded_sent
        assert facts is not None
        assert (facts.idle_sent, facts.loaded_sent) == (sent, whole - before)
        assert len(facts.idle_ms) <= sent
        assert len(facts.loaded_ms) <= whole - before


@pytest.mark.usefixtures("may_ping")
async def test_a_busy_process_makes_no_answer_late_and_makes_up_for_no_ping() -> None:
    busy_s, blocks = 0.05, 30
    async with pinging("127.0.0.1", hertz=1000) as pinger:
        for _ in range(blocks):
            # Answers arrive within the block, and are read after it.
            time.sleep(busy_s)  # noqa: ASYNC251 - the fault under test
            await asyncio.sleep(0)
        assert loaded(pinger).loaded_sent <= blocks
        await until(lambda: len(loaded(pinger).loaded_ms) >= 10)
        assert median(loaded(pinger).loaded_ms[:10]) < busy_s * 1e3 / 2


@pytest.fixture
def silent(own_network: Namespace) -> None:
    """A network in which this process may ping, and this machine does not answer."""
    del own_network
    RANGE.write_text("0 0")
    Path("/proc/sys/net/ipv4/icmp_echo_ignore_all").write_text("1")


@pytest.mark.usefixtures("silent")
async def test_a_gateway_that_does_not_answer() -> None:
    async with pinging("127.0.0.1") as pinger:
        await until(lambda: loaded(pinger).loaded_sent >= 20)
        assert loaded(pinger).loaded_ms == ()


@pytest.mark.usefixtures("silent")
async def test_only_the_gateways_own_and_first_answer_counts(caplog: pytest.LogCaptureFixture) -> None:
    async with pinging("127.0.0.1") as pinger:
        await until(lambda: loaded(pinger).loaded_sent >= 5)
        identifier = pinger._socket.getsockname()[1]
        forge("127.0.0.2", identifier, 1)
        not_sent_yet = 60_000
        forge("127.0.0.1", identifier, not_sent_yet)
        forge("127.0.0.1", identifier, 3)
        await until(lambda: loaded(pinger).loaded_ms)
        first = loaded(pinger).loaded_ms
        assert len(first) == 1
        forge("127.0.0.1", identifier, 3)
        forge("127.0.0.1", identifier, 4)
        await until(lambda: len(loaded(pinger).loaded_ms) > 1)
        assert loaded(pinger).loaded_ms[:-1] == first
    assert not caplog.records


def forge(sender: str, identifier: int, sequence: int) -> None:
    """Send an echo reply to this machine; see RFC 792."""
    echo = struct.pack("!BBHHH", 0, 0, 0, identifier, sequence)
    checksum = 0xFFFF - sum(struct.unpack("!4H", echo)) % 0xFFFF
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.bind((sender, 0))
        raw.sendto(struct.pack("!BBHHH", 0, 0, checksum, identifier, sequence), ("127.0.0.1", 0))


async def test_a_gateway_that_cannot_be_reached_gives_no_answer_and_no_error(own_network: Namespace) -> None:
    RANGE.write_text("0 0")
    async with pinging("127.0.0.1") as pinger:
        await until(lambda: loaded(pinger).loaded_ms)
        own_network.ip("link", "set", "lo", "down")
        before = loaded(pinger)
        await until(lambda: loaded(pinger).loaded_sent >= before.loaded_sent + 20)
        after = loaded(pinger)
        assert len(after.loaded_ms) - len(before.loaded_ms) < after.loaded_sent - before.loaded_sent


@pytest.mark.usefixtures("own_network")
def test_a_user_who_may_not_ping() -> None:
    for address in LOOPBACK:
        with pytest.raises(NoGatewayError) as refused:
            GatewayPinger(HomeGateway(ip_address(address), "lo"))
        assert refused.value.reason == "not_permitted"


@pytest.mark.usefixtures("may_ping")
def test_an_interface_that_is_gone() -> None:
    with pytest.raises(NoGatewayError) as refused:
        GatewayPinger(HomeGateway(ip_address("127.0.0.1"), "household-gone"))
    assert refused.value.reason == "no_route"


def test_a_server_on_this_machine_has_no_gateway() -> None:
    with pytest.raises(NoGatewayError) as refused:
        find_gateway("127.0.0.1", "127.0.0.1")
    assert refused.value.reason == "same_machine"
    with pytest.raises(NoGatewayError) as refused:
        find_gateway("::ffff:127.0.0.1", "::ffff:127.0.0.1")
    assert refused.value.reason == "same_machine"


@pytest.fixture
def home(own_network: Namespace) -> Namespace:
    """A machine with a router for both versions, another router for one network, and a tunnel."""
    ip = own_network.ip
    ip("link", "add", "wlan", "type", "veth", "peer", "name", "far")
    ip("link", "add", "tunnel", "type", "veth", "peer", "name", "far-tunnel")
    ip("address", "add", "192.0.2.2/24", "dev", "wlan")
    ip("-6", "address", "add", "2001:db8::2/64", "dev", "wlan", "nodad")
    ip("address", "add", "10.8.0.2/32", "dev", "tunnel")
    for link in ("wlan", "far", "tunnel", "far-tunnel"):
        ip("link", "set", link, "up")
    ip("route", "add", "default", "via", "192.0.2.1")
    ip("-6", "route", "add", "default", "via", "fe80::1", "dev", "wlan")
    ip("route", "add", "198.51.100.0/25", "via", "192.0.2.3")
    ip("route", "add", "198.51.100.128/25", "via", "inet6", "fe80::3", "dev", "wlan")
    ip("route", "add", "203.0.113.0/25", "dev", "tunnel")
    # What the tables in /proc/net do not show: a rule sends this source elsewhere.
    ip("rule", "add", "from", "10.8.0.2", "table", "100")
    ip("route", "add", "default", "via", "192.0.2.4", "dev", "wlan", "table", "100")
    ip("route", "add", "unreachable", "203.0.113.128/25")
    return own_network


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("server", "local", "gateway"),
    [
        ("8.8.8.8", "192.0.2.2", "192.0.2.1"),
        ("198.51.100.7", "192.0.2.2", "192.0.2.3"),
        ("198.51.100.200", "192.0.2.2", "fe80::3%wlan"),
        ("2001:db8:1::1", "2001:db8::2", "fe80::1%wlan"),
        ("8.8.8.8", "10.8.0.2", "192.0.2.4"),
    ],
)
def test_the_gateway_is_that_of_the_connections_route(server: str, local: str, gateway: str) -> None:
    found = find_gateway(server, local)
    assert str(found) == gateway
    assert found.interface == "wlan"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("server", "local", "reason"),
    [
        ("192.0.2.2", "192.0.2.2", "same_machine"),
        ("192.0.2.9", "192.0.2.2", "local_network"),
        ("192.0.2.1", "192.0.2.2", "local_network"),
        ("2001:db8::9", "2001:db8::2", "local_network"),
        ("fe80::9%wlan", "2001:db8::2", "local_network"),
        ("203.0.113.7", "192.0.2.2", "local_network"),
        ("203.0.113.200", "192.0.2.2", "no_route"),
    ],
)
def test_why_there_is_no_gateway(server: str, local: str, reason: str) -> None:
    with pytest.raises(NoGatewayError) as refused:
        find_gateway(server, local)
    assert refused.value.reason == reason
