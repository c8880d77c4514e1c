"""Payload budgets of a session, a customer, an address block and the daemon, divided into shares.

Token buckets would let a bulk transfer, which always has data to send, take what a call needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from householdd.capacity.max_min_fairness import Pool, fill
from householdd.clients.addresses import BLOCK_PREFIX_LENGTH, MAX_CUSTOMER_PREFIX, Network
from householdd.settings.definitions import MAX_MBPS, Limits
from householdd.traffic.profiles import MEGABIT

_IPV4 = 1 << 32
"""Marks IPv4 keys; the IPv6 prefix 0:1::/32 is unassigned (RFC 4291, section 4)."""

_IPV6_REST = 128 - MAX_CUSTOMER_PREFIX


def customer_key(network: Network) -> int:
    address = int(network.network_address)
    return _IPV4 | address if network.version == 4 else address >> _IPV6_REST


def block_key(customer: int) -> int:
    bits = 32 - BLOCK_PREFIX_LENGTH[4] if customer >> 32 == 1 else MAX_CUSTOMER_PREFIX - BLOCK_PREFIX_LENGTH[6]
    return customer >> bits << bits


@dataclass(frozen=True)
class Budgets:
    """In bit/s per direction."""

    daemon: float
    block: float
    customer: float
    session: float

    @classmethod
    def of(cls, limits: Limits) -> Budgets | None:
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
        max_bps = MAX_MBPS * MEGABIT
        return self.customer < max_bps <= min(self.daemon, self.block, self.session)

    def share(self, demands: Iterable[tuple[int, float]]) -> Callable[[int, float], float]:
        """Divide the budgets among sessions, given the customer key and the demand in bit/s of each.

        Return a function from both to the session's rate. Shares are max-min fair between customers, within their
        blocks, and between a customer's sessions. A session that demands less than its share may exceed its demand,
        which corrects a low estimate.
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
