from __future__ import annotations

import re
from itertools import count

import msgspec
import pytest

from tests.link_emulator import __main__ as command
from tests.link_emulator.direction import Direction
from tests.link_emulator.made_packets import packet
from tests.link_emulator.spec import (
    BurstLossSpec,
    CoDelSpec,
    ConstantRateSpec,
    DeficitRoundRobinSpec,
    DirectionSpec,
    FqCoDelSpec,
    JitterSpec,
    LineSpec,
    LteSpec,
    RandomLossSpec,
    TailDropSpec,
    TraceSpec,
    make_direction,
)

FAST = ConstantRateSpec(8e6)
LONG = TailDropSpec(10**7)


def carried(way: Direction, seconds: float) -> int:
    """Bytes of an overload."""
    steps = count()
    while (now := next(steps) / 100) < seconds:
        way.offer([packet(1000)] * 20, now)
        for _ in way.arrived(now):
            pass
    return way.statistics().carried_bytes


def test_the_example_of_the_command_is_a_line() -> None:
    example = re.search(r"\n    ({.*}})\n", command.__doc__ or "", re.DOTALL)
    assert example is not None
    line = msgspec.json.decode(example[1], type=LineSpec)
    assert line.down == DirectionSpec(ConstantRateSpec(50e6), CoDelSpec(10**6), 0.02, loss=RandomLossSpec(0.01))
    assert line.up.rate == LteSpec(10e6)
    make_direction(line.down)
    make_direction(line.up)


@pytest.mark.parametrize("queue", [LONG, CoDelSpec(10**7), FqCoDelSpec(10**7), DeficitRoundRobinSpec(10**7)])
def test_every_discipline_keeps_the_link_busy(queue: TailDropSpec) -> None:
    assert carried(make_direction(DirectionSpec(FAST, queue)), 5) == pytest.approx(5e6, rel=0.01)


def test_only_disciplines_that_manage_the_queue_drop_before_it_is_full() -> None:
    drops = []
    for queue in (LONG, DeficitRoundRobinSpec(10**7), CoDelSpec(10**7), FqCoDelSpec(10**7)):
        way = make_direction(DirectionSpec(FAST, queue))
        carried(way, 2)
        drops.append(way.statistics().dropped_packets > 0)
    assert drops == [False, False, True, True]


@pytest.mark.parametrize("rate", [TraceSpec([(0.5, 4e6), (0.5, 12e6)]), LteSpec(8e6, 5)])
def test_a_varying_rate_carries_its_mean(rate: TraceSpec) -> None:
    assert carried(make_direction(DirectionSpec(rate, LONG)), 5) == pytest.approx(5e6, rel=0.01)


@pytest.mark.parametrize("loss", [RandomLossSpec(0.1), BurstLossSpec(bad=0.02, good=0.18)])
def test_losses_are_those_of_the_model_and_of_its_seed(loss: RandomLossSpec) -> None:
    def lost(seed: int) -> int:
        way = make_direction(DirectionSpec(FAST, LONG, loss=loss, seed=seed))
        carried(way, 10)
        return way.statistics().lost_packets

    assert lost(1) == pytest.approx(1000, rel=0.2)
    assert lost(1) == lost(1) != lost(2)


def test_jitter_and_delay_are_added() -> None:
    plain, delayed = DirectionSpec(FAST, LONG), DirectionSpec(FAST, LONG, 0.1, JitterSpec(0.001, 0.4, 0.03))
    dues = []
    for spec in (plain, delayed):
        way = make_direction(spec)
        way.offer([packet(1000)], 0.0)
        list(way.arrived(0.0))
        dues.append(way.next_due() or 0)
    assert dues[0] == pytest.approx(0.001)
    assert dues[1] > 0.101


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"rate": {"model": "constant", "bits_s": 0}}', r"Expected `float` > 0.0 - at `\$.rate.bits_s`"),
        ('{"rate": {"model": "constnt"}}', r"Invalid value 'constnt' - at `\$.rate.model`"),
        ('{"queue": {"discipline": "red", "limit": 5}}', r"Invalid value 'red' - at `\$.queue.discipline`"),
        ('{"loss": {"model": "random", "share": 1.5}}', r"Expected `float` <= 1.0 - at `\$.loss.share`"),
        ('{"los": null}', r"Object contains unknown field `los`"),
    ],
)
def test_a_wrong_description_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=problem):
        msgspec.json.decode(text, type=DirectionSpec)
