"""Whether the server's own uplink is full, and what sessions say then."""

from __future__ import annotations

from pathlib import Path

import pytest

from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.worker.control_loop import ControlLoop
from householdd.worker.uplink import Uplink
from tests.worker.bench import Bench

PASS_BYTES = int(1e9 / 8 * PASS_INTERVAL_S)
"""What a gigabit carries in a control pass."""


class Machine:
    """The files of a machine with one interface."""

    def __init__(self, root: Path, speed: str = "1000\n") -> None:
        self.root = root
        self.interface = root / "sys/class/net/eth0"
        (self.interface / "statistics").mkdir(parents=True)
        (self.interface / "speed").write_text(speed)
        self.routes = root / "proc/self/net/route"
        self.routes.parent.mkdir(parents=True)
        self.routes.write_text("Iface\tDestination\tGateway\neth1\t000200C0\t0\neth0\t00000000\t010200C0\n")
        self.counted = {"rx": 0, "tx": 0}
        self.move()

    def move(self, received: int = 0, sent: int = 0) -> None:
        for way, count in (("rx", received), ("tx", sent)):
            self.counted[way] += count
            (self.interface / f"statistics/{way}_bytes").write_text(f"{self.counted[way]}\n")

    def full(self, uplink: Uplink, received: float = 0.0, sent: float = 0.0) -> bool:
        """Move these shares of a gigabit within a control pass."""
        uplink.is_full(0.0)
        self.move(int(received * PASS_BYTES), int(sent * PASS_BYTES))
        return uplink.is_full(PASS_INTERVAL_S)


@pytest.mark.parametrize(
    ("received", "sent", "full"), [(0.0, 0.91, True), (0.91, 0.0, True), (0.89, 0.89, False), (0.0, 0.0, False)]
)
def test_an_uplink_is_full_from_nine_tenths_of_its_speed_in_either_direction(
    tmp_path: Path, received: float, sent: float, full: bool
) -> None:
    machine = Machine(tmp_path)
    assert machine.full(Uplink(root=tmp_path), received, sent) is full


@pytest.mark.parametrize(("told_mbps", "full"), [(500.0, True), (2000.0, False)])
def test_a_capacity_that_was_told_counts_instead_of_the_speed(tmp_path: Path, told_mbps: float, full: bool) -> None:
    assert Machine(tmp_path).full(Uplink(told_mbps, tmp_path), sent=0.6) is full


@pytest.mark.parametrize("speed", ["-1\n", "", "Unknown!\n"])
def test_an_interface_without_a_speed_is_never_full_unless_one_was_told(tmp_path: Path, speed: str) -> None:
    machine = Machine(tmp_path, speed)
    assert not machine.full(Uplink(root=tmp_path), sent=50.0)
    assert machine.full(Uplink(1000, tmp_path), sent=0.95)


def test_a_machine_without_a_default_route_has_an_uplink_once_there_is_one(tmp_path: Path) -> None:
    machine, uplink = Machine(tmp_path), Uplink(root=tmp_path)
    routes = machine.routes.read_text()
    machine.routes.write_text("Iface\tDestination\tGateway\n")
    assert not machine.full(uplink, sent=1.0)
    machine.routes.write_text(routes)
    assert machine.full(uplink, sent=1.0)


def test_a_machine_with_ipv6_only_has_an_uplink(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.routes.write_text("Iface\tDestination\tGateway\n")
    nothing = "0" * 32
    refusing = f"{nothing} 00 {nothing} 00 {nothing} ffffffff 00000001 00000000 00200200       lo\n"
    default = f"{nothing} 00 {nothing} 00 {'fe80' + '0' * 28} 00000400 00000002 00000000 00000003     eth0\n"
    (tmp_path / "proc/self/net/ipv6_route").write_text(refusing + default)
    assert machine.full(Uplink(root=tmp_path), sent=1.0)


def test_a_machine_without_these_files_has_no_uplink(tmp_path: Path) -> None:
    assert not Uplink(1000, tmp_path / "nothing").is_full(0.0)


async def test_sessions_say_that_the_server_was_the_limit_while_its_uplink_is_full(
    bench: Bench, tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    session = bench.opened(1).session
    loop = ControlLoop(bench.manager, uplink=Uplink(root=tmp_path))

    def passes(number: int, sent: float) -> bool:
        for _ in range(number):
            machine.move(sent=int(sent * PASS_BYTES))
            bench.step(PASS_INTERVAL_S)
            list(loop.turns())
        return session.limited

    assert not passes(2, sent=0.5)
    assert not passes(1, sent=1.0)
    assert passes(1, sent=1.0)
    # Two of 40 are no more than one of twenty.
    assert not passes(36, sent=0.5)
