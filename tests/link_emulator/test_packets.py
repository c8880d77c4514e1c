from __future__ import annotations

from tests.link_emulator.made_packets import ICMP, TCP, packet, packet6
from tests.link_emulator.packets import flow_of


def test_packets_of_a_flow_have_its_addresses_ports_and_protocol() -> None:
    assert flow_of(packet(1514, port=1, number=1)) == flow_of(packet(60, port=1, number=2))
    assert len({flow_of(packet(port=1)), flow_of(packet(port=2)), flow_of(packet(port=1, protocol=TCP))}) == 3


def test_ports_are_read_behind_options_of_ipv4() -> None:
    with_options = bytes([0x46]) + packet()[1:20] + bytes(4) + packet()[20:]
    assert flow_of(with_options) == flow_of(packet())


def test_fragments_and_protocols_without_ports_are_told_apart_by_their_addresses() -> None:
    for flags in (0x2000, 0x2001, 1):
        assert flow_of(packet(port=1, fragment=flags)) == flow_of(packet(port=2, fragment=flags))
    # "Do not fragment" is not a fragment.
    assert flow_of(packet(port=1, fragment=0x4000)) != flow_of(packet(port=2, fragment=0x4000))
    assert flow_of(packet(port=1, protocol=ICMP)) == flow_of(packet(port=2, protocol=ICMP))


def test_ipv6_has_flows_too() -> None:
    assert flow_of(packet6(1)) == flow_of(packet6(1))
    assert len({flow_of(each) for each in (packet6(1), packet6(2), packet6(1, TCP), packet6(1, source="2001::3"))}) == 4
