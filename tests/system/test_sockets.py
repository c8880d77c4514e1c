"""householdd.socket: the port that systemd opens."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.daemon import wait_until
from tests.system.conftest import CUBIC_IS_ALLOWED, PORT_OF_THE_SOCKET, configure
from tests.system.machine import Machine
from tests.system.sessions import served, session


@pytest.fixture
def activated(machine: Machine) -> Iterator[Machine]:
    """A machine where systemd listens on port 443 and householdd is not running."""
    machine.systemctl("stop", "householdd")
    machine.port = PORT_OF_THE_SOCKET
    # With the default congestion control, which systemd may choose whatever the kernel keeps for root.
    configure(machine)
    machine.systemctl("enable", "--now", "householdd.socket")
    yield machine
    machine.port = 8443
    machine.systemctl("disable", "--now", "householdd.socket")


def test_the_first_client_of_port_443_starts_it_without_capabilities(activated: Machine) -> None:
    assert activated.show("ActiveState") == "inactive"
    assert "<html" in activated.get("/")
    wait_until(lambda: activated.show("ActiveState") == "active", "the end of the start")
    workers = [worker["pid"] for worker in activated.server()["server"]["workers"]]
    for pid in (activated.pid(), *workers):
        status = activated.path(f"/proc/{pid}/status").read_text()
        assert {"CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"} <= set(status.splitlines())
    activated.port = 8443
    assert not activated.answers()


def test_new_clients_wait_while_it_restarts(activated: Machine) -> None:
    activated.get("/")
    before = activated.pid()
    restarting = threading.Thread(target=activated.systemctl, args=("restart", "householdd"))
    restarting.start()
    asked = 0
    while restarting.is_alive():
        # Raises when the connection is refused.
        assert "<html" in activated.get("/")
        asked += 1
    restarting.join()
    assert asked > 0
    assert activated.pid() not in {0, before}


async def test_connections_have_what_those_of_the_daemon_s_own_socket_have(activated: Machine) -> None:
    await asyncio.to_thread(activated.systemctl, "start", "householdd")
    async with AsyncExitStack() as stack:
        page = await session(stack, activated)
        # Past the first control pass, which asks the kernel.
        await page.until(lambda: page.kinds["real_time_update"] and page.last("real_time_update")["server_tcp"])
        shown = json.loads(activated.ctl("-o", "json", "sessions", "show", page.session_id).stdout)
        assert _values(shown, "congestion_control") == ["cubic"]


def test_an_emergency_shutdown_closes_the_port(activated: Machine) -> None:
    activated.get("/")
    activated.ctl("shutdown", "--yes", "--reason", "line card on fire")
    wait_until(lambda: activated.show("ActiveState") == "inactive", "the end")
    with activated.network(), socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", 443)) != 0
    assert activated.show("ActiveState") == "inactive"
    activated.systemctl("start", "householdd")
    # On the port that is enabled, not on that of the configuration.
    assert "<html" in activated.get("/")


def test_the_file_of_the_emergency_keeps_it_down_and_closes_the_port(activated: Machine) -> None:
    activated.get("/")
    activated.write("/run/householdd/emergency-stop", "line card on fire\n")
    wait_until(lambda: activated.show("ActiveState") == "inactive", "the end")
    assert activated.show("ActiveState", "householdd.socket") == "inactive"
    activated.systemctl("start", "householdd", check=False)
    assert activated.show("ActiveState") == "failed"
    assert activated.show("ExecMainStatus") == "3"
    assert activated.show("NRestarts") == "0"
    assert activated.show("ActiveState", "householdd.socket") == "inactive"
    said = "emergency stop: line card on fire; to start again, remove /run/householdd/emergency-stop"
    assert said in activated.journal_text()
    activated.path("/run/householdd/emergency-stop").unlink()
    activated.systemctl("start", "householdd")
    assert "<html" in activated.get("/")


@pytest.mark.parametrize("enabled", [True, False], ids=["enabled", "only started"])
def test_a_reload_renews_the_certificate_whatever_the_kernel_keeps_for_root(activated: Machine, enabled: bool) -> None:
    if not enabled:
        activated.systemctl("disable", "householdd.socket")
    activated.systemctl("start", "householdd")
    activated.issue_certificate("renewed.example")
    activated.systemctl("reload", "householdd")
    wait_until(lambda: b"renewed.example" in served(activated), "the new certificate")
    checked = activated.run("householdd", "check-config", user="householdd", check=False)
    assert (checked.returncode == 0) == (enabled or CUBIC_IS_ALLOWED), checked.stderr


async def test_an_emergency_during_a_drain_is_not_held_up(activated: Machine) -> None:
    # A stop during the start would not drain.
    await asyncio.to_thread(activated.systemctl, "start", "householdd")
    async with AsyncExitStack() as stack:
        await session(stack, activated)
        stopping = asyncio.create_task(asyncio.to_thread(activated.systemctl, "stop", "householdd"))
        await asyncio.to_thread(wait_until, lambda: "draining: 1" in activated.show("StatusText"), "the drain")
        began = asyncio.get_running_loop().time()
        await asyncio.to_thread(activated.ctl, "shutdown", "--yes", "--reason", "now")
        await stopping
        # Far less than the drain timeout and the stop timeout.
        assert asyncio.get_running_loop().time() - began < 15
    assert activated.show("ActiveState", "householdd.socket") == "inactive"


def _values(message: object, name: str) -> list[object]:
    """All values of a field, however deep."""
    if isinstance(message, list):
        return [value for each in message for value in _values(each, name)]
    if isinstance(message, dict):
        here = [message[name]] if name in message else []
        return here + [value for each in message.values() for value in _values(each, name)]
    return []
