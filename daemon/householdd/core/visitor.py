"""Who asks for a session, and what of it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from householdd.core.addresses import BLOCK_BITS, Network, customer


@dataclass(frozen=True)
class Visitor:
    """A client that asks for a session of a profile, as one of a run."""

    host: str
    profile: str
    """The profile's key."""
    test_id: str = ""
    """Empty where the client names no run."""

    @cached_property
    def customer(self) -> Network:
        """The network that stands for the customer."""
        return customer(self.host)

    @cached_property
    def address_key(self) -> bytes:
        """Stands for the customer."""
        return network_key(self.customer)

    @cached_property
    def network_key(self) -> bytes:
        """Stands for the network around the customer: the IPv4 /24 or IPv6 /48."""
        # Marked, because an IPv6 customer may have the whole /48, and the two are counted separately.
        return b"b" + network_key(self.customer.supernet(new_prefix=BLOCK_BITS[self.customer.version]))

    @cached_property
    def run_key(self) -> bytes:
        """Stands for a run; two customers may name theirs alike. Empty where the client names none."""
        return b"r" + self.address_key + self.test_id.encode() if self.test_id else b""

    @cached_property
    def member_key(self) -> bytes:
        """Stands for all sessions of a profile in a run. Empty where the client names no run."""
        return b"m" + self.profile.encode() + b"\0" + self.run_key if self.test_id else b""

    @property
    def keys(self) -> list[bytes]:
        """Whose sessions are counted with this one."""
        return [key for key in (self.address_key, self.network_key, self.run_key, self.member_key) if key]


def network_key(network: Network) -> bytes:
    """Stands for a network."""
    return b"n" + network.network_address.packed + bytes([network.prefixlen])
