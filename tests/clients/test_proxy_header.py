from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.clients.proxy_header import HEAD_BYTES, MAX_REST_BYTES, ProxyHeaderError, rest_size, source

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def header(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(rest)) + rest


def ipv4(client: str) -> bytes:
    return ipaddress.ip_address(client).packed + bytes([192, 0, 2, 1]) + struct.pack(">HH", 51234, 443)


def ipv6(client: str) -> bytes:
    return ipaddress.ip_address(client).packed + bytes(16) + struct.pack(">HH", 51234, 443)


def read(data: bytes) -> tuple[str, int] | None:
    head = data[:HEAD_BYTES]
    return source(head, data[HEAD_BYTES : HEAD_BYTES + rest_size(head)])


@pytest.mark.parametrize(
    ("data", "client"),
    [
        (header(0x21, 0x11, ipv4("198.51.100.7")), ("198.51.100.7", 51234)),
        (header(0x21, 0x11, ipv4("198.51.100.7") + b"\x03\x00\x04\0\0\0\0"), ("198.51.100.7", 51234)),
        (header(0x21, 0x21, ipv6("2001:db8::7")), ("2001:db8::7", 51234)),
        (header(0x21, 0x21, ipv6("::ffff:198.51.100.7")), ("198.51.100.7", 51234)),
        # A health check, whatever is written into it.
        (header(0x20, 0x00, b""), None),
        (header(0x20, 0x11, ipv4("198.51.100.7")), None),
        (header(0x20, 0xFF, b"anything"), None),
        (header(0x21, 0x00, b""), None),
        (header(0x21, 0x31, bytes(216)), None),
    ],
)
def test_the_client_is_whom_the_header_names(data: bytes, client: tuple[str, int] | None) -> None:
    assert read(data) == client


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no header of the PROXY protocol, version 2"),
        (b"PROXY TCP4 198.51.100.7 192.0.2.1 51234 443\r\n", "no header of the PROXY protocol, version 2"),
        (header(0x11, 0x11, ipv4("198.51.100.7")), "version and command 0x11 are unknown"),
        (header(0x22, 0x11, ipv4("198.51.100.7")), "version and command 0x22 are unknown"),
        (header(0x21, 0x12, ipv4("198.51.100.7")), "family and transport 0x12 are not TCP over IPv4 or IPv6"),
        (header(0x21, 0x11, ipv4("198.51.100.7")[:11]), "11 bytes are too few for the addresses"),
        (header(0x21, 0x21, ipv4("198.51.100.7")), "12 bytes are too few for the addresses"),
        (header(0x21, 0x11, bytes(MAX_REST_BYTES + 1)), "4097 bytes are more than 4096"),
    ],
)
def test_what_cannot_be_used_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ProxyHeaderError, match=words):
        read(data)


@given(st.binary(min_size=4, max_size=4), st.binary(max_size=64))
def test_anything_behind_the_signature_is_an_address_nobody_or_an_error(head: bytes, rest: bytes) -> None:
    try:
        rest_size(SIGNATURE + head)
        found = source(SIGNATURE + head, rest)
    except ProxyHeaderError:
        return
    if found is not None:
        assert str(ipaddress.ip_address(found[0])) == found[0]
        assert 0 <= found[1] <= 65535
