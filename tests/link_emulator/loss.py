"""Models of packet loss on a link."""

from __future__ import annotations

from random import Random
from typing import Protocol


class Loss(Protocol):
    """Decides the fate of each packet in turn."""

    def lost(self) -> bool:
        """Return whether the next packet is lost."""


class NoLoss:
    def lost(self) -> bool:
        return False


class RandomLoss:
    """Each packet is lost with the same probability, independently of others."""

    def __init__(self, share: float, random: Random) -> None:
        self._share = share
        self._random = random

    def lost(self) -> bool:
        return self._random.random() < self._share


class GilbertElliott:
    """Loss in bursts: a Markov chain of a good and a bad state, whose transitions are tried after each packet.

    E. N. Gilbert, "Capacity of a Burst-Noise Channel", Bell System Technical Journal 39 (1960); E. O. Elliott,
    "Estimates of Error Rates for Codes on Burst-Noise Channels", the same 42 (1963). The mean length of a burst is
    1 / ``good``, in packets.
    """

    def __init__(self, bad: float, good: float, lost_good: float, lost_bad: float, random: Random) -> None:
        """Take the probabilities of becoming bad, of becoming good, and of losing a packet in either state."""
        self._leaves = {False: bad, True: good}
        self._loses = {False: lost_good, True: lost_bad}
        self._random = random
        self._is_bad = False

    def lost(self) -> bool:
        lost = self._random.random() < self._loses[self._is_bad]
        if self._random.random() < self._leaves[self._is_bad]:
            self._is_bad = not self._is_bad
        return lost


def long_run_loss(bad: float, good: float, lost_good: float, lost_bad: float) -> float:
    """Return the share of packets that :class:`GilbertElliott` loses in the long run."""
    time_bad = bad / (bad + good)
    return (1 - time_bad) * lost_good + time_bad * lost_bad
