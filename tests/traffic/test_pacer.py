from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.traffic.pacer import CATCH_UP_S, UPLOAD_CATCH_UP_S, Pacer
from householdd.traffic.shapes import Burst, Constant, Shape, Silent
from tests.session.samples import PROFILES, START

JAKE = Burst(25e6, 1, 4)
SHAPES = st.sampled_from(
    [
        *(profile.download.shape() for profile in PROFILES.by_key.values()),
        *(profile.upload.shape() for profile in PROFILES.by_key.values()),
        Constant(8e6, 1),
        Constant(1001, 1),
        Burst(1e9, 0.105, 0),
    ]
)
LOOKS = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1)), max_size=40)
"""Seconds to the next look, and the part of the due bytes that is taken then."""


def greatest_due(shape: Shape) -> float:
    """What is wanted late, of peak rate, or one portion where the ticks are farther apart."""
    return max(shape.peak_bps / 8 * max(CATCH_UP_S, shape.wanted_late_s), shape.bytes_by(shape.next_after(0.0))) + 1


@given(SHAPES, LOOKS)
def test_after_any_stall_no_more_is_due_than_the_catch_up(shape: Shape, looks: list[tuple[float, float]]) -> None:
    pacer, now = Pacer(shape, START), START
    for gap, part in looks:
        now += gap
        due = pacer.due(now)
        assert 0 <= due <= greatest_due(shape)
        pacer.take(int(due * part))


def test_a_film_on_a_slow_line_loads_on_while_the_player_waits() -> None:
    pacer, sent = Pacer(Burst(25e6, 1, 4), START), 0
    for tick in range(3000):
        # 3 Mbit/s.
        count = min(pacer.due(START + tick / 100), 3750)
        pacer.take(count)
        sent += count
    assert sent * 8 / 30 == pytest.approx(3e6, rel=0.02)


@given(SHAPES, LOOKS)
def test_every_byte_is_sent_dropped_or_due(shape: Shape, looks: list[tuple[float, float]]) -> None:
    pacer, now, sent = Pacer(shape, START), START, 0
    for gap, part in looks:
        now += gap
        taken = int(pacer.due(now) * part)
        pacer.take(taken)
        sent += taken
        assert sent + pacer.dropped + pacer.due(now) == shape.bytes_by(now - START)


@given(SHAPES, st.lists(st.floats(0, 0.999), min_size=1, max_size=200))
def test_nothing_is_lost_when_asked_at_every_tick_however_late_within_the_catch_up(
    shape: Shape, lateness: list[float]
) -> None:
    pacer, now, sent = Pacer(shape, START), START, 0
    for late in lateness:
        tick = START + shape.next_after(now - START)
        # One tick may come due meanwhile, so that the next look is less late than the catch-up by a tick.
        now = max(now, tick + late * max(CATCH_UP_S - 1 / 30, 0))
        due = pacer.due(now)
        pacer.take(due)
        sent += due
    assert pacer.dropped == 0
    assert sent == shape.bytes_by(now - START)


@pytest.mark.parametrize("who", PROFILES.by_key)
def test_control_passes_that_come_late_ask_for_the_whole_upload(who: str) -> None:
    shape = PROFILES.by_key[who].upload.shape()
    pacer, now, asked = Pacer(shape, START, UPLOAD_CATCH_UP_S), START, 0
    for count in range(80):
        now += 0.25 if count % 3 else 0.31
        due = pacer.due(now + 0.25)
        pacer.take(due)
        asked += due
    assert pacer.dropped == 0
    assert asked == shape.bytes_by(now + 0.25 - START)


def test_a_portion_of_rare_ticks_passes_whole() -> None:
    pacer = Pacer(Constant(8e6, 1), START)
    assert pacer.due(START + 1.2) == 1_000_000


def test_what_a_stall_left_beyond_the_catch_up_is_dropped() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    assert pacer.due(START + 10) == 250_000
    assert pacer.dropped == 9_750_000


def test_a_late_look_is_missed_only_where_all_that_was_due_before_was_taken() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.take(pacer.due(START + 0.1) - 1)
    # The connection had not taken all: who came late does not matter.
    pacer.take(pacer.due(START + 1.0))
    assert (pacer.dropped, pacer.missed) == (1_000_000 - 100_000 + 1 - 250_000, 0)
    dropped = pacer.dropped
    pacer.due(START + 2.0)
    assert (pacer.dropped - dropped, pacer.missed) == (750_000, 750_000)


def test_what_became_due_behind_a_shut_gate_is_skipped_and_not_missed() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.take(pacer.due(START + 0.1))
    pacer.skip(START + 10)
    assert (pacer.dropped, pacer.skipped, pacer.missed) == (9_900_000, 9_900_000, 0)
    assert pacer.due(START + 10.1) == 100_000


@given(SHAPES, LOOKS)
def test_the_causes_of_a_drop_are_parts_of_it(shape: Shape, looks: list[tuple[float, float]]) -> None:
    pacer, now = Pacer(shape, START), START
    for gap, part in looks:
        now += gap
        if part < 0.1:
            pacer.skip(now)
        else:
            pacer.take(int(pacer.due(now) * part))
        assert min(pacer.skipped, pacer.missed) >= 0
        assert pacer.skipped + pacer.missed <= pacer.dropped


def test_a_skip_drops_all_that_is_due() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.skip(START + 0.2)
    assert pacer.due(START + 0.2) == 0
    assert pacer.dropped == 200_000
    assert pacer.due(START + 0.3) == 100_000


def test_a_skip_does_not_bring_back_what_was_asked_for_ahead_of_time() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.take(pacer.due(START + 0.25))
    pacer.skip(START + 0.1)
    assert pacer.dropped == 0
    assert pacer.due(START + 0.25) == 0


def test_the_next_look_is_at_the_next_tick() -> None:
    assert Pacer(Constant(8e6, 100), START).next_at(START + 0.005) == pytest.approx(START + 0.01)


@pytest.mark.parametrize(("shape", "elapsed"), [(Silent(), 0.0), (JAKE, 1.5)])
def test_an_idle_direction_is_looked_at_within_reach_all_the_same(shape: Shape, elapsed: float) -> None:
    assert Pacer(shape, START).next_at(START + elapsed) == START + elapsed + 1.0


def test_a_limit_lowers_the_rate_from_now_on() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.limit(4e6, START + 0.1)
    assert pacer.shape.peak_bps == 4e6
    assert pacer.due(START + 0.1) == 0
    assert pacer.due(START + 0.2) == 50_000


@pytest.mark.parametrize("rate", [25e6, 26e6, 1e12])
def test_a_limit_never_raises_the_rate(rate: float) -> None:
    pacer = Pacer(JAKE, START)
    pacer.limit(rate, START)
    assert pacer.shape is JAKE


def test_a_limit_cannot_be_taken_back() -> None:
    pacer = Pacer(JAKE, START)
    pacer.limit(1e6, START)
    pacer.limit(2e6, START)
    assert pacer.shape.peak_bps == 1e6


@given(st.lists(st.tuples(st.floats(0.01, 2), st.floats(0.5, 1.5)), max_size=60))
def test_no_series_of_limits_yields_more_than_the_profile(series: list[tuple[float, float]]) -> None:
    pacer, now, sent = Pacer(JAKE, START), START, 0
    for gap, part in series:
        now += gap
        due = pacer.due(now)
        pacer.take(due)
        sent += due
        pacer.limit(pacer.shape.peak_bps * part, now)
        assert sent <= JAKE.bytes_by(now - START)


def test_falling_limits_do_not_begin_the_burst_anew() -> None:
    pacer, sent = Pacer(JAKE, START), 0
    for step in range(1, 501):
        now = START + step * 0.01
        due = pacer.due(now)
        pacer.take(due)
        sent += due
        pacer.limit(25e6 - step, now)
    assert sent == pytest.approx(25e6 / 8, rel=1e-3)


def test_another_shape_is_followed_from_now_on_without_a_burst() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.reshape(Constant(16e6, 100), START + 0.2)
    assert pacer.due(START + 0.2) == 0
    assert pacer.due(START + 0.3) == 200_000
    pacer.take(200_000)
    pacer.reshape(Constant(8e5, 100), START + 0.3)
    assert pacer.due(START + 0.4) == 10_000


@pytest.mark.parametrize(("wished", "rate", "followed"), [(4e6, 16e6, 4e6), (4e6, 2e6, 2e6), (20e6, 16e6, 16e6)])
def test_a_wish_limits_a_shape_that_comes_later_too(wished: float, rate: float, followed: float) -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.limit(wished, START)
    pacer.reshape(Constant(rate, 100), START + 1)
    assert pacer.shape.peak_bps == followed


def test_a_wish_comes_back_where_the_shape_was_below_it_for_a_while() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.limit(4e6, START)
    pacer.reshape(Constant(2e6, 100), START + 1)
    pacer.reshape(Constant(8e6, 100), START + 2)
    assert pacer.shape.peak_bps == 4e6


@given(SHAPES, st.lists(st.tuples(st.floats(0.05, 0.3), st.sampled_from([1e5, 1e6, 3e7, math.inf])), max_size=60))
def test_under_caps_that_change_no_byte_is_sent_too_much_and_none_is_lost(
    shape: Shape, caps: list[tuple[float, float]]
) -> None:
    pacer, now, sent, allowed = Pacer(shape, START), START, 0, 0.0
    for gap, cap in caps:
        pacer.set_cap(cap, now)
        until = now + gap
        held = shape.limited(cap) if cap < shape.peak_bps else shape
        allowed += held.bytes_by(until - START) - held.bytes_by(now - START)
        while now < until:
            now = min(pacer.next_at(now), until)
            due = pacer.due(now)
            pacer.take(due)
            sent += due
    assert sent == pytest.approx(allowed, abs=len(caps) + 1)
    assert pacer.dropped == 0


def test_a_cap_goes_up_and_down_beside_a_wish() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.limit(4e6, START)
    pacer.set_cap(2e6, START)
    assert (pacer.capped, pacer.shape.peak_bps, pacer.due(START + 0.1)) == (True, 4e6, 25_000)
    pacer.set_cap(6e6, START)
    assert (pacer.capped, pacer.due(START + 0.1)) == (False, 50_000)
    pacer.set_cap(1e6, START)
    pacer.reshape(Constant(16e6, 100), START)
    assert pacer.due(START + 0.1) == 12_500


def test_what_was_asked_for_ahead_of_its_time_is_not_asked_for_again_under_another_cap() -> None:
    pacer = Pacer(Constant(8e6, 100), START, UPLOAD_CATCH_UP_S)
    pacer.take(pacer.due(START + 0.25))
    pacer.set_cap(4e6, START + 0.1)
    assert pacer.due(START + 0.25) == 0
    assert pacer.due(START + 0.5) == pytest.approx((0.4 * 4e6 - 0.15 * 8e6) / 8)


def test_a_debt_beyond_a_lower_caps_catch_up_is_dropped_and_not_missed() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.take(pacer.due(START + 0.1))
    pacer.set_cap(8e5, START + 0.2)
    assert (pacer.due(START + 0.2), pacer.dropped, pacer.skipped, pacer.missed) == (25_000, 75_000, 75_000, 0)


def test_what_is_offered_is_what_was_taken_dropped_or_is_due() -> None:
    pacer = Pacer(Constant(8e6, 100), START)
    pacer.take(pacer.due(START + 0.1) - 1)
    pacer.set_cap(4e6, START + 0.1)
    assert pacer.offered(START + 0.2) == 150_000
    assert (pacer.demand(START, 0.5), Pacer(JAKE, START).demand(START + 2, 0.5)) == (8e6, 0.0)
    assert Pacer(JAKE, START).demand(START + 4.6, 0.5) == 25e6
