"""The budgets of payload: of a session, a customer, a block of addresses and the daemon, and who gets what of them.

Shares, and not a token bucket at each level: a bucket gives to whoever comes first, so that a bulk transfer, which
always has something to send, takes what a call would need. The shares are what the sessions' pacers are held to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from householdd.capacity.max_min_fairness import Pool, fill
from householdd.clients.addresses import BLOCK_BITS, LONGEST_CUSTOMER, Network
from householdd.settings.definitions import MAX_MBPS, Limits
from householdd.traffic.profiles import MEGABIT

_IPV4 = 1 << 32
"""Above an IPv4 address in a key: as an IPv6 prefix that would be 0:1::/32, which is nobody's (RFC 4291, section 4)."""

_IPV6_REST = 128 - LONGEST_CUSTOMER
"""Bits of an IPv6 address that name no customer, whichever prefix stands for one."""


def customer_key(network: Network) -> int:
    """A customer's network, as ``addresses.customer`` gives it, as a number of 64 bits."""
    address = int(network.network_address)
    return _IPV4 | address if network.version == 4 else address >> _IPV6_REST


def block_key(customer: int) -> int:
    """The block of addresses around a customer."""
    bits = 32 - BLOCK_BITS[4] if customer >> 32 == 1 else LONGEST_CUSTOMER - BLOCK_BITS[6]
    return customer >> bits << bits


@dataclass(frozen=True)
class Budgets:
    """Most payload in one direction, bit/s."""

    daemon: float
    block: float
    customer: float
    session: float

    @classmethod
    def of(cls, limits: Limits) -> Budgets | None:
        """Those that the limits set; None where none of them limits anything."""
        if not limits.bounds_traffic:
            return None
        return cls(
            limits.daemon_mbps * MEGABIT,
            limits.block_mbps * MEGABIT,
            limits.customer_mbps * MEGABIT,
            limits.session_mbps * MEGABIT,
        )

    @property
    def of_customers_only(self) -> bool:
        """Whether nothing but the customers' budget limits anything."""
        most = MAX_MBPS * MEGABIT
        return self.customer < most <= min(self.daemon, self.block, self.session)

    def share(self, demands: Iterable[tuple[int, float]]) -> Callable[[int, float], float]:
        """Shares the budgets among all sessions, given the customer's key and the demand in bit/s of each.

        What comes back says what a session of a customer with a demand may take, bit/s. Between customers the shares
        are max-min fair, as far as blocks have room; within a customer they are so between sessions. Where all want
        more than there is, they take exactly what there is. A session that wants less than its share may take up to
        the share of the others, so a demand that was too low corrects itself with the next sharing.
        """
        sessions = defaultdict[int, list[float]](list)
        for customer, demand in demands:
            sessions[customer].append(min(demand, self.session))
        wanted = {customer: min(sum(each), self.customer) for customer, each in sessions.items()}
        blocks = defaultdict[int, list[float]](list)
        for customer, demand in wanted.items():
            blocks[block_key(customer)].append(demand)
        within = {block: fill(self.block, each) for block, each in blocks.items()}
        # A customer counts with what its block leaves it.
        daemon = fill(
            self.daemon,
            [min(demand, within[block_key(customer)].ceiling(demand)) for customer, demand in wanted.items()],
        )
        pools: dict[int, Pool] = {}
        for customer, each in sessions.items():
            demand = wanted[customer]
            room = min(self.customer, within[block_key(customer)].ceiling(demand), daemon.ceiling(demand))
            pools[customer] = fill(room, each)

        def ceiling(customer: int, demand: float) -> float:
            return min(self.session, pools[customer].ceiling(min(demand, self.session)))

        return ceiling
