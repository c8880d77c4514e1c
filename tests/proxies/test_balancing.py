"""Two daemons behind one proxy: what one of them answers keeps nobody from the other."""

from __future__ import annotations

import asyncio
import http.client
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.proxies.conftest import COMMANDS, certificate, free_port, started
from tests.websocket_clients import OldPage, client

CUSTOMERS = [f"127.9.1.{number}" for number in range(1, 17)]
"""Enough that some would be sent to either daemon."""

NGINX = """daemon off; user root; pid {directory}/pid; error_log stderr; worker_processes 1; events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    upstream hh {{ server {one}; server {two}; }}
    map $http_upgrade $hh_connection {{ default upgrade; "" ""; }}
    server {{
        listen 127.0.0.1:{port};
        location /speed/ {{
            proxy_pass http://hh/; proxy_http_version 1.1;
            proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Prefix /speed;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $hh_connection;
        }}
        location / {{ proxy_pass http://hh; }}
    }}
}}
"""
"""As an operator writes it who has read nothing: a server that fails once is left alone for 10 s."""

HAPROXY = """defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend in
    bind 127.0.0.1:{port}
    default_backend hh
backend hh
    {check}
    server one {one} check inter 200ms fall 1 rise 1
    server two {two} check inter 200ms fall 1 rise 1
"""


@dataclass(frozen=True)
class Farm:
    """Two daemons behind a proxy."""

    daemons: list[Daemon]
    port: int
    scheme: str
    tls: ssl.SSLContext

    @property
    def ws_url(self) -> str:
        return f"{'wss' if self.scheme == 'https' else 'ws'}://127.0.0.1:{self.port}/ws/virtual-household/"

    def status(self, path: str, method: str = "GET", body: bytes | None = None, source: str = "127.0.0.1") -> int:
        where, address = ("127.0.0.1", self.port), (source, 0)
        connection = (
            http.client.HTTPConnection(*where, timeout=TIMEOUT_S, source_address=address)
            if self.scheme == "http"
            else http.client.HTTPSConnection(*where, timeout=TIMEOUT_S, source_address=address, context=self.tls)
        )
        try:
            connection.request(method, path, body)
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Daemon]]:
    env = {"HOUSEHOLDD_TRUSTED_PROXIES": '["127.0.0.1"]'}
    with (
        running(tmp_path_factory.mktemp("one"), "--no-tls", env=env) as one,
        running(tmp_path_factory.mktemp("two"), "--no-tls", env=env) as two,
    ):
        yield [one, two]


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian: sudo apt-get install {program})")


def backends(daemons: list[Daemon]) -> list[str]:
    return [daemon.url.split("/")[2] for daemon in daemons]


@pytest.fixture
def plain_nginx(daemons: list[Daemon], tmp_path: Path) -> Iterator[Farm]:
    needs("nginx")
    one, two = backends(daemons)
    port = free_port()
    (tmp_path / "nginx.conf").write_text(NGINX.format(directory=tmp_path, one=one, two=two, port=port))
    with started(["nginx", "-c", f"{tmp_path}/nginx.conf", "-e", "stderr"], port, tmp_path / "log"):
        yield Farm(daemons, port, "http", ssl.create_default_context())


@pytest.fixture(params=COMMANDS)
def farm(request: pytest.FixtureRequest, daemons: list[Daemon], tmp_path: Path) -> Iterator[Farm]:
    """As the examples of docs/ have it."""
    needs(request.param)
    tls, port = certificate(tmp_path), free_port()
    with started(COMMANDS[request.param](tmp_path, backends(daemons), port), port, tmp_path / "log"):
        yield Farm(daemons, port, "https", tls)


def test_no_request_takes_the_daemons_out_of_service(plain_nginx: Farm) -> None:
    curl = shutil.which("curl")
    assert curl is not None
    for _ in range(4):
        subprocess.run([curl, "-sS", "-d", "x", f"http://127.0.0.1:{plain_nginx.port}/"], check=True, timeout=TIMEOUT_S)
        assert plain_nginx.status("/") == 200
    for method, body, status in (
        ("POST", b"x", 405),
        ("POST", b"x" * 500_000, 405),
        ("GET", b"x", 200),
        ("HEAD", None, 200),
        ("OPTIONS", None, 204),
        ("DELETE", None, 405),
        ("PROPFIND", None, 501),
    ):
        for _ in range(3):
            assert plain_nginx.status("/", method, body) == status
    assert {plain_nginx.status("/") for _ in range(6)} == {200}


async def test_everything_works_below_a_path(plain_nginx: Farm) -> None:
    base = f"http://127.0.0.1:{plain_nginx.port}/speed/"
    for path in ("", "app.js", "style.css", "virtual-household/health", "api/virtual-household/profiles"):
        assert await asyncio.to_thread(plain_nginx.status, f"/speed/{path}") == 200
    told = await asyncio.to_thread(
        subprocess.run, ["curl", "-sS", f"{base}ws/virtual-household/alex"], capture_output=True, text=True, check=True
    )
    assert f'"ws://127.0.0.1:{plain_nginx.port}/speed/ws/virtual-household/alex"' in told.stdout
    below = Below(f"ws://127.0.0.1:{plain_nginx.port}/speed/ws/virtual-household/", plain_nginx.tls)
    async with client(below, "alex", OldPage) as alex:
        await alex.payload()


@dataclass(frozen=True)
class Below:
    """A daemon below a path."""

    ws_url: str
    tls: ssl.SSLContext


@pytest.mark.parametrize(
    "check",
    [
        "option httpchk",
        "option httpchk HEAD /",
        "option httpchk GET /virtual-household/health",
        "option httpchk GET /virtual-household/ready",
        "option httpchk\n    http-check send meth GET uri / ver HTTP/1.1 hdr Host speed.example body probe",
    ],
)
def test_checks_of_a_balancer_find_the_daemons_up(daemons: list[Daemon], tmp_path: Path, check: str) -> None:
    needs("haproxy")
    one, two = backends(daemons)
    port = free_port()
    (tmp_path / "haproxy.cfg").write_text(HAPROXY.format(port=port, check=check, one=one, two=two))
    with started(["haproxy", "-db", "-f", f"{tmp_path}/haproxy.cfg"], port, tmp_path / "log"):
        farm = Farm(daemons, port, "http", ssl.create_default_context())
        # Each is taken for up until its first checks are done, and ten of them are enough to tell.
        wait_until(lambda: "Health check" in (tmp_path / "log").read_text() or _asked(farm), "some checks")
        assert "DOWN" not in (tmp_path / "log").read_text()


def _asked(farm: Farm) -> bool:
    return all(farm.status("/") == 200 for _ in range(20))


async def test_new_customers_go_elsewhere_during_a_drain(farm: Farm) -> None:
    draining, other = farm.daemons
    assert await asyncio.to_thread(ready_through, farm)
    drained = await asyncio.to_thread(draining.ctl, "drain", "--reason", "upgrade", "--deadline", "120s", "--yes")
    assert drained.returncode == 0, drained.stderr
    try:
        # HAProxy sees it at its next check.
        for _ in range(100):
            if await open_for_all(farm):
                break
        else:
            pytest.fail("customers are still refused")
        assert draining.list_sessions() == []
    finally:
        await asyncio.to_thread(draining.ctl, "resume")
    await asyncio.to_thread(wait_until, lambda: not other.list_sessions(), "the sessions' end")


def ready_through(farm: Farm) -> bool:
    wait_until(lambda: farm.status("/virtual-household/ready") == 200, "a proxy that has seen its servers")
    return True


async def open_for_all(farm: Farm) -> bool:
    """Whether a customer of each address gets a session."""
    try:
        async with AsyncExitStack() as stack:
            for source in CUSTOMERS:
                page = await stack.enter_async_context(client(farm, "alex", OldPage, source=source))
                await page.opened()
            return True
    except InvalidStatus as refused:
        assert refused.response.status_code == 503  # noqa: PT017 - the others are failures by themselves
        await asyncio.sleep(0.2)
        return False
