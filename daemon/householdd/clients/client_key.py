"""Keys under which a client's sessions are counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from householdd.clients.addresses import BLOCK_PREFIX_LENGTH, Network, customer
from householdd.traffic.profiles import WARM_UP


@dataclass(frozen=True)
class ClientKey:
    """A client that requests a session of a profile, as part of a run."""

    host: str
    profile: str
    """Key of the profile."""
    test_id: str = ""
    """Empty if the client names no run."""
    foreign: bool = False
    """Whether the request is from a page of an origin that the operator has not named."""

    @cached_property
    def customer(self) -> Network:
        """The customer's network."""
        return customer(self.host)

    @cached_property
    def address_key(self) -> bytes:
        """Key of the customer."""
        return network_key(self.customer)

    @cached_property
    def network_key(self) -> bytes:
        """Key of the address block around the customer: the IPv4 /24 or IPv6 /48."""
        # Prefixed, because an IPv6 customer may have the whole /48; the two are counted separately.
        return b"b" + network_key(self.customer.supernet(new_prefix=BLOCK_PREFIX_LENGTH[self.customer.version]))

    @cached_property
    def run_key(self) -> bytes:
        """Key of the run, which is distinct for each customer. Empty if the client names none."""
        return b"r" + self.address_key + self.test_id.encode() if self.test_id else b""

    @cached_property
    def member_key(self) -> bytes:
        """Key of all sessions of a profile in a run. Empty if the client names no run.

        Warm-ups of the earlier system belong to no run; those of a customer's foreign pages count as one.
        """
        if self.profile == WARM_UP and self.foreign:
            return b"m" + self.profile.encode() + b"\0" + self.address_key
        return b"m" + self.profile.encode() + b"\0" + self.run_key if self.test_id else b""

    @cached_property
    def foreign_key(self) -> bytes:
        """Key of the customer's sessions from foreign pages. Empty for others."""
        return b"o" + self.address_key if self.foreign and self.profile != WARM_UP else b""

    @cached_property
    def foreign_run_key(self) -> bytes:
        """Key of the run's sessions from foreign pages. Empty for others."""
        return b"o" + self.run_key if self.foreign and self.test_id else b""

    @property
    def keys(self) -> list[bytes]:
        """All keys under which the session is counted."""
        keys = self.address_key, self.network_key, self.run_key, self.member_key, self.foreign_key, self.foreign_run_key
        return [key for key in keys if key]


def network_key(network: Network) -> bytes:
    return b"n" + network.network_address.packed + bytes([network.prefixlen])
