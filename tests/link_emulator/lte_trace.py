"""A rate like that of a mobile phone's line, made from a seed."""

from __future__ import annotations

import math
from random import Random

STEP_S = 0.1
PERSISTENCE = 0.95
"""Share of the deviation from the mean that a step keeps of the one before: half of it is gone after 1.4 s."""

SPREAD = 0.6
"""Standard deviation of the rate's natural logarithm: one step in six has less than 0.55 times the median."""


def lte_trace(mean_bits_s: float, seconds: float, seed: int) -> list[tuple[float, float]]:
    """Return steps of (seconds, bit/s) with the given mean.

    The logarithm of the rate is an autoregressive process of first order. The shape is made up: it has the slow swings
    and the deep valleys that published traces have (K. Winstein et al., "Stochastic Forecasts Achieve High Throughput
    and Low Delay over Cellular Networks", NSDI 2013), but it was fitted to none.
    """
    random = Random(seed)
    innovation = SPREAD * math.sqrt(1 - PERSISTENCE**2)
    level = random.gauss(0, SPREAD)
    rates = []
    for _ in range(round(seconds / STEP_S)):
        rates.append(math.exp(level))
        level = PERSISTENCE * level + random.gauss(0, innovation)
    scale = mean_bits_s * len(rates) / math.fsum(rates)
    return [(STEP_S, rate * scale) for rate in rates]
