from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from householdd.traffic.shapes import BURST_TICK_S, Burst, Constant, Shape, Silent, bulk
from tests.session.samples import PROFILES

DAY = 86400.0

RATES = st.floats(1e5, 1e10)
MILLISECONDS = st.integers(100, 60_000).map(lambda count: count / 1000)
CONSTANTS = st.builds(Constant, RATES, st.floats(1, 1000))
BURSTS = st.builds(Burst, RATES, MILLISECONDS, st.just(0.0) | MILLISECONDS)
ODD_BURSTS = st.builds(Burst, RATES, st.floats(0.1, 60), st.floats(0, 60))
TIMES = st.floats(0, DAY)

EVERY_SHIPPED = [
    pytest.param(shape, id=f"{key}-{direction}")
    for key, profile in PROFILES.by_key.items()
    for direction, shape in (("download", profile.download.shape()), ("upload", profile.upload.shape()))
]


@st.composite
def burst_edges(draw: st.DrawFn) -> tuple[Burst, float]:
    """A burst and a time near where it begins, or near a tick of it, or near its end."""
    burst = draw(BURSTS | ODD_BURSTS)
    tick = draw(st.integers(0, 5)) * BURST_TICK_S
    edge = draw(st.sampled_from([tick, burst.on - tick, burst.on]))
    hair = draw(st.floats(-1e-7, 1e-7) | st.floats(-1e-12, 1e-12))
    return burst, max(draw(st.integers(0, 1000)) * (burst.on + burst.off) + edge + hair, 0.0)


@pytest.mark.parametrize("shape", EVERY_SHIPPED)
def test_an_hour_of_a_shipped_shape_carries_its_mean_rate(shape: Shape) -> None:
    assert shape.bytes_by(3600) * 8 / 3600 == pytest.approx(shape.mean_bps, rel=1e-3)


@given(BURSTS, st.integers(1, 1000))
def test_whole_periods_of_a_burst_carry_its_mean_rate(burst: Burst, periods: int) -> None:
    elapsed = periods * (burst.on + burst.off)
    assert burst.bytes_by(elapsed) * 8 == pytest.approx(burst.mean_bps * elapsed, rel=1e-3)


@given(CONSTANTS | BURSTS | ODD_BURSTS, TIMES, TIMES)
def test_bytes_never_decrease(shape: Shape, one: float, other: float) -> None:
    assert shape.bytes_by(min(one, other)) <= shape.bytes_by(max(one, other))


@given(burst_edges(), st.floats(0, 1e-7) | st.floats(0, 1e-12))
def test_bytes_never_decrease_over_the_edges_of_a_burst(place: tuple[Burst, float], later: float) -> None:
    burst, elapsed = place
    assert burst.bytes_by(elapsed) <= burst.bytes_by(elapsed + later)


@given(CONSTANTS | BURSTS, TIMES)
def test_more_bytes_are_due_at_the_next_time_and_none_before_it(shape: Shape, elapsed: float) -> None:
    at = shape.next_after(elapsed)
    assert at > elapsed
    assert shape.bytes_by(at) > shape.bytes_by(elapsed)
    assert shape.bytes_by(max(elapsed, at - 2e-6)) == shape.bytes_by(elapsed)


@given(burst_edges())
def test_the_next_time_is_later_at_the_edges_of_a_burst_too(place: tuple[Burst, float]) -> None:
    burst, elapsed = place
    assert burst.next_after(elapsed) > elapsed


@given(CONSTANTS | BURSTS, st.floats(-DAY, 0))
def test_nothing_is_due_before_the_beginning(shape: Shape, elapsed: float) -> None:
    assert shape.bytes_by(elapsed) == 0


def test_a_constant_sends_whole_portions_at_its_ticks() -> None:
    shape = Constant(rate_bps=8000, tick_hz=10)
    assert [shape.bytes_by(elapsed) for elapsed in (0.0, 0.05, 0.1, 0.19, 0.2, 1.0)] == [0, 0, 100, 100, 200, 1000]


def test_fractions_of_a_byte_are_not_lost() -> None:
    shape = Constant(rate_bps=100, tick_hz=10)
    assert [shape.bytes_by(tick / 10) for tick in range(1, 9)] == [1, 2, 3, 5, 6, 7, 8, 10]


def test_a_tick_counts_though_its_timer_reads_a_hair_early() -> None:
    shape = Constant(rate_bps=8000, tick_hz=10)
    assert shape.bytes_by(math.nextafter(0.1, 0)) == 100
    assert shape.next_after(math.nextafter(0.1, 0)) == 0.2


def test_a_burst_is_full_rate_while_on_and_nothing_while_off() -> None:
    shape = Burst(rate_bps=8e6, on=1, off=4)
    half, end, before_next, next_half = (shape.bytes_by(elapsed) for elapsed in (0.5, 1.0, 4.99, 5.5))
    assert (half, end, before_next, next_half) == (500_000, 1_000_000, 1_000_000, 1_500_000)


def test_a_burst_is_next_due_when_the_next_one_begins() -> None:
    shape = Burst(rate_bps=8e6, on=1, off=4)
    assert [shape.next_after(elapsed) for elapsed in (0.0, 0.99, 1.0, 3.0)] == pytest.approx([0.01, 1.0, 5.01, 5.01])


def test_the_last_tick_of_a_burst_is_cut_short_by_its_end() -> None:
    shape = Burst(rate_bps=8e6, on=0.105, off=1)
    assert shape.next_after(0.1) == 0.105
    assert (shape.bytes_by(0.1), shape.bytes_by(0.105), shape.bytes_by(1.0)) == (100_000, 105_000, 105_000)


@pytest.mark.parametrize(
    ("mbps", "portions_per_s", "octets"),
    [(1000, 200, 625_000), (40, 200, 25_000), (20, 100, 25_000), (10, 64, 19_531), (1, 64, 1953), (0.01, 64, 19)],
)
def test_bulk_has_fewer_portions_the_slower_it_is(mbps: float, portions_per_s: float, octets: int) -> None:
    shape = bulk(mbps * 1e6)
    assert shape.next_after(0.0) == pytest.approx(1 / portions_per_s)
    assert shape.bytes_by(1 / portions_per_s) == octets
    assert bulk(1e10).limited(mbps * 1e6) == shape


def test_the_kernel_spreads_only_portions_of_a_long_interval() -> None:
    assert bulk(40e6).pacing_bps == math.inf
    assert bulk(10e6).pacing_bps == pytest.approx(12e6)
    assert [shape.pacing_bps for shape in (Silent(), Constant(1e6, 64), Burst(25e6, 1, 4))] == [math.inf] * 3


@given(CONSTANTS | BURSTS, st.floats(0.01, 0.99), TIMES)
def test_a_limited_shape_has_the_lower_peak_and_the_same_times(shape: Shape, part: float, elapsed: float) -> None:
    limited = shape.limited(shape.peak_bps * part)
    assume(limited.mean_bps > 0)
    assert limited.peak_bps == shape.peak_bps * part
    assert limited.mean_bps == pytest.approx(shape.mean_bps * part)
    assert limited.next_after(elapsed) == shape.next_after(elapsed)
    assert limited.bytes_by(elapsed) <= shape.bytes_by(elapsed)


def test_a_silent_shape_sends_nothing_ever() -> None:
    shape = Silent()
    assert (shape.mean_bps, shape.peak_bps, shape.bytes_by(DAY), shape.next_after(DAY)) == (0, 0, 0, math.inf)
    assert shape.limited(0) is shape
