from __future__ import annotations

import pytest

from householdd.core.addresses import host_port


@pytest.mark.parametrize(
    ("host", "written"), [("192.0.2.7", "192.0.2.7:51234"), ("2001:db8::7", "[2001:db8::7]:51234")]
)
def test_an_address_is_written_with_its_port(host: str, written: str) -> None:
    assert host_port(host, 51234) == written
