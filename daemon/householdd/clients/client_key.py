"""Keys under which a client's sessions are counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from householdd.clients.addresses import BLOCK_PREFIX_LENGTH, Network, customer
from householdd.traffic.profiles import WARM_UP


@dataclass(frozen=True)
class ClientKey:
    """Client that requests a session."""

    host: str
    profile: str
    test_id: str = ""
    foreign: bool = False
    """Whether the page's origin is not one that the operator has named."""
    parallel: bool = False
    """Whether it joins another session of its profile and run, with which it counts as one."""

    @cached_property
    def customer(self) -> Network:
        return customer(self.host)

    @cached_property
    def address_key(self) -> bytes:
        return network_key(self.customer)

    @cached_property
    def network_key(self) -> bytes:
        # Prefixed: an IPv6 customer may have the whole /48.
        return b"b" + network_key(self.customer.supernet(new_prefix=BLOCK_PREFIX_LENGTH[self.customer.version]))

    @cached_property
    def run_key(self) -> bytes:
        """Key of the run; empty if the client names none."""
        return b"r" + self.address_key + self.test_id.encode() if self.test_id else b""

    @cached_property
    def member_key(self) -> bytes:
        """Key of a profile's sessions in a run; empty without a run.

        Warm-ups of the earlier system belong to no run; those of foreign pages count as one.
        """
        if self.profile == WARM_UP and self.foreign:
            return b"m" + self.profile.encode() + b"\0" + self.address_key
        return b"m" + self.profile.encode() + b"\0" + self.run_key if self.test_id else b""

    @cached_property
    def foreign_key(self) -> bytes:
        """Key of the customer's sessions from foreign pages; empty unless foreign."""
        return b"o" + self.address_key if self.foreign and self.profile != WARM_UP else b""

    @cached_property
    def foreign_run_key(self) -> bytes:
        return b"o" + self.run_key if self.foreign and self.test_id else b""

    @cached_property
    def parallel_key(self) -> bytes:
        """Key of the parallel sessions of a profile in a run; empty without a run."""
        return b"p" + self.member_key if self.test_id else b""

    @property
    def keys(self) -> list[bytes]:
        if self.parallel:
            return [self.parallel_key]
        keys = self.address_key, self.network_key, self.run_key, self.member_key, self.foreign_key, self.foreign_run_key
        return [key for key in keys if key]


def network_key(network: Network) -> bytes:
    return b"n" + network.network_address.packed + bytes([network.prefixlen])
