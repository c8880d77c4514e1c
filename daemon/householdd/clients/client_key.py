"""Who asks for a session, and what of it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from householdd.clients.addresses import BLOCK_BITS, Network, customer
from householdd.traffic.profiles import WARM_UP


@dataclass(frozen=True)
class ClientKey:
    """A client that asks for a session of a profile, as one of a run."""

    host: str
    profile: str
    """The profile's key."""
    test_id: str = ""
    """Empty where the client names no run."""
    foreign: bool = False
    """Whether it is a page of a site that the operator does not know."""

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
        """Stands for all sessions of a profile in a run. Empty where the client names no run.

        The download before a run of the earlier system has no run: those of foreign pages count as one.
        """
        if self.profile == WARM_UP and self.foreign:
            return b"m" + self.profile.encode() + b"\0" + self.address_key
        return b"m" + self.profile.encode() + b"\0" + self.run_key if self.test_id else b""

    @cached_property
    def foreign_key(self) -> bytes:
        """Stands for the sessions that foreign pages have of a customer. Empty unless this is one."""
        return b"o" + self.address_key if self.foreign and self.profile != WARM_UP else b""

    @cached_property
    def foreign_run_key(self) -> bytes:
        """Stands for those of them that belong to this run. Empty unless this is one of a run."""
        return b"o" + self.run_key if self.foreign and self.test_id else b""

    @property
    def keys(self) -> list[bytes]:
        """Whose sessions are counted with this one."""
        keys = self.address_key, self.network_key, self.run_key, self.member_key, self.foreign_key, self.foreign_run_key
        return [key for key in keys if key]


def network_key(network: Network) -> bytes:
    """Stands for a network."""
    return b"n" + network.network_address.packed + bytes([network.prefixlen])
