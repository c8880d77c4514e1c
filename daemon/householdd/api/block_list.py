"""Blocked addresses as requests and responses."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import grpc

from household.v1 import session_service_pb2 as pb
from householdd.admission.blocks import Block, Blocks, TooManyBlocksError
from householdd.api.convert import duration, timestamp
from householdd.api.errors import Refusal, check_note, check_reason, invalid, raise_invalid
from householdd.api.requests import block_duration
from householdd.clients.addresses import Network, customer, format_network, host_of, parse_network

MAX_ADDRESSES = 1000

HIT = (pb.KILL_OUTCOME_KILLED, pb.KILL_OUTCOME_SCHEDULED)
"""Sessions that a kill ends."""


class BlockList:
    """Blocks as messages."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def block(self, request: pb.BlockAddressesRequest) -> list[pb.Block]:
        """Block addresses, or only return the blocks. Raise Refusal."""
        reason, seconds = check_reason(request.reason), block_duration(request.duration, "duration")
        networks = networks_in(request.addresses)
        if not networks:
            raise_invalid("addresses", f"1 to {MAX_ADDRESSES} addresses are allowed, not 0")
        return self.put(networks, reason, seconds, validate_only=request.validate_only)

    def put(self, networks: Iterable[Network], reason: str, seconds: float, *, validate_only: bool) -> list[pb.Block]:
        """Raise Refusal if there are too many."""
        now = time.monotonic()
        blocks = self._blocks.copy(now) if validate_only else self._blocks
        try:
            return _messages(blocks.add(networks, reason, seconds, now), now)
        except TooManyBlocksError as error:
            raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error)) from None

    def unblock(self, request: pb.UnblockAddressesRequest) -> pb.UnblockAddressesResponse:
        """Remove blocks, or only return them. Raise Refusal."""
        check_note(request.reason)
        if request.all == bool(request.addresses):
            raise_invalid("addresses", "give either addresses or all")
        now = time.monotonic()
        current = {block.network: block for block in self._blocks.current(now)}
        wanted = list(current) if request.all else networks_in(request.addresses)
        found = [current[network] for network in wanted if network in current]
        if not request.validate_only:
            self._blocks.remove(block.network for block in found)
        missing = [format_network(network) for network in wanted if network not in current]
        holding = [
            pb.HoldingBlock(address=format_network(network), block=block)
            for network in wanted
            for block in _messages((each for each in self._blocks.around(network, now) if each not in found), now)
        ]
        return pb.UnblockAddressesResponse(blocks=_messages(found, now), not_blocked=missing, still_blocked=holding)

    def list(self) -> list[pb.Block]:
        now = time.monotonic()
        return _messages(self._blocks.current(now), now)


def networks_of(results: Iterable[pb.KillResult]) -> list[Network]:
    """Return the customers of the sessions that a kill ends."""
    hosts = (host_of(result.peer_address) for result in results if result.outcome in HIT)
    return list(dict.fromkeys(customer(host) for host in hosts))


def orders(blocks: Iterable[pb.Block]) -> Iterable[pb.BlockAddressesRequest]:
    """Yield requests that copy ``blocks``, one for all with the same reason and end."""
    together: dict[tuple[str, int], pb.BlockAddressesRequest] = {}
    for block in blocks:
        key = block.reason, block.expires_at.ToMicroseconds()
        request = together.setdefault(key, pb.BlockAddressesRequest(reason=block.reason, duration=block.left))
        request.addresses.append(block.address)
    for request in together.values():
        for start in range(0, len(request.addresses), MAX_ADDRESSES):
            part = pb.BlockAddressesRequest(reason=request.reason, duration=request.duration)
            part.addresses.extend(request.addresses[start : start + MAX_ADDRESSES])
            yield part


def networks_in(addresses: Sequence[str]) -> list[Network]:
    """Return networks without duplicates. Raise Refusal."""
    if len(addresses) > MAX_ADDRESSES:
        raise_invalid("addresses", f"1 to {MAX_ADDRESSES} addresses are allowed, not {len(addresses)}")
    networks = []
    for index, text in enumerate(addresses):
        try:
            networks.append(parse_network(text))
        except ValueError as error:
            raise invalid(f"addresses[{index}]", str(error)) from None
    return list(dict.fromkeys(networks))


def _messages(blocks: Iterable[Block], now: float) -> list[pb.Block]:
    wall = time.time() - now
    return [
        pb.Block(
            address=format_network(block.network),
            reason=block.reason,
            created_at=timestamp(wall + block.created_at),
            expires_at=timestamp(wall + block.expires_at),
            left=duration(block.expires_at - now),
        )
        for block in blocks
    ]
