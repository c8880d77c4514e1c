from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.netns import LabUnavailableError, Namespace, namespaces

RANGE = Path("/proc/sys/net/ipv4/ping_group_range")


@pytest.fixture
def has_address() -> Callable[[str], bool]:
    def there(address: str) -> bool:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as bound:
                bound.bind((address, 0))
        except OSError:
            return False
        return True

    return there


@pytest.fixture
def own_network() -> Iterator[Namespace]:
    """This thread in a network of its own, in which no one may ping."""
    try:
        with namespaces("alone") as (namespace,), namespace.entered():
            yield namespace
    except LabUnavailableError as error:
        pytest.skip(f"no network of its own here: {error}")


@pytest.fixture
def may_ping(request: pytest.FixtureRequest) -> None:
    """A network in which this process may ping, this machine's if possible."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).close()
    except OSError:
        request.getfixturevalue("own_network")
        RANGE.write_text("0 0")
