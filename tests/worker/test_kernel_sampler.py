"""What the server's kernel says of a connection, and what the client is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from householdd.config.profiles import read_profiles
from householdd.measure.kernel_witness import SAMPLE_INTERVAL_S
from householdd.session.session import Identity
from householdd.worker.kernel_sampler import KernelSampler
from householdd.worker.session_driver import SessionDriver
from tests.worker.bench import Bench
from tests.worker.conftest import ConnectRaw
from tests.worker.raw_client import RawClient


def opened(bench: Bench, host: str) -> SessionDriver:
    identity = Identity("00000000-0000-4000-8000-000000000001", "alex_1", "", host, 443, "")
    return bench.manager.open(identity, read_profiles(None).by_key["alex"], bench.upgraded())


def sample(bench: Bench, sampler: KernelSampler, acknowledged: Callable[[], object], times: int) -> None:
    for _ in range(times):
        acknowledged()
        bench.now += SAMPLE_INTERVAL_S
        assert [*sampler.turns()] == [None]


async def test_a_session_is_sampled_while_its_client_acknowledges(bench: Bench) -> None:
    driver, sampler = opened(bench, "127.0.0.1"), KernelSampler(bench.manager)
    sock = driver.connection.socket
    sample(bench, sampler, lambda: sock.send(b"x"), times=20)
    seen = driver.session.kernel.figures()
    # An acknowledgement may still be on its way, as on any connection.
    assert 0 < seen.count < 20
    sample(bench, sampler, lambda: None, times=5)
    assert driver.session.kernel.count <= seen.count + 1


async def test_a_connection_that_ends_at_a_proxy_says_nothing_of_the_client(bench: Bench) -> None:
    driver, sampler = opened(bench, "192.0.2.1"), KernelSampler(bench.manager)
    sock = driver.connection.socket
    sample(bench, sampler, lambda: sock.send(b"x"), times=20)
    assert driver.session.kernel.count == 0


def last_tcp(raw: RawClient) -> dict[str, object]:
    return next(message["server_tcp"] for message in reversed(raw.messages) if message.get("server_tcp"))


def test_a_receiver_that_does_not_read_is_named_as_the_limit(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("computer", receive_buffer=8192)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        raw.say(type="client_confirmation", received_bytes=0)
        time.sleep(0.05)
    raw.say(type="stop_test")
    raw.read(lambda: raw.protocol.close_rcvd)
    shut = last_tcp(raw)["receiver_limited"]
    assert isinstance(shut, float)
    assert shut > 0.5


def test_a_client_gets_the_samples_with_its_figures(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    raw.read(lambda: sum(len((each.get("server_tcp") or {}).get("rtts_ms", ())) for each in raw.messages) > 5)
    assert last_tcp(raw)["receiver_limited"] == 0


def test_a_probe_gets_them_when_it_asks(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("probe")
    assert raw.session_id

    def ping(sequence: int, **more: object) -> None:
        raw.say(type="ping", sequence=sequence, **more)
        raw.read(lambda: raw.messages[-1].get("sequence") == sequence)

    for sequence in range(1, 11):
        ping(sequence)
        time.sleep(SAMPLE_INTERVAL_S * 2)
    assert "server_tcp" not in raw.messages[-1]
    ping(11, tcp=True)
    rtts = raw.messages[-1]["server_tcp"]["rtts_ms"]
    assert rtts
    assert all(each > 0 for each in rtts)
