from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.session.close_reason import CloseReason
from householdd.session.liveness import HEARTBEAT_S, SILENCE_INTERVALS, Inactivity, Kernel, Liveness
from householdd.session.states import EvidenceKind, Verdict
from householdd.settings.definitions import Timeouts
from tests.session.samples import START

DEFAULT = Timeouts()
LIVE, FROZEN, SILENT = Verdict
HANDSHAKE, PONG, MESSAGE, ACK = EvidenceKind
ANSWERS = (PONG, MESSAGE)


def begun(expected_gap: float = HEARTBEAT_S) -> Liveness:
    return Liveness(expected_gap, START)


def reported(liveness: Liveness, at: float, acked: int, ack_age: float = 0.0, *, stuck: bool = False) -> bool:
    """Whether the kernel's report, so many seconds after the start, was evidence."""
    return liveness.acknowledged(Kernel(acked, ack_age, stuck), START + at)


def judged(liveness: Liveness, *times: float, timeouts: Timeouts = DEFAULT) -> list[CloseReason | None]:
    """What is to be done at these seconds after the start."""
    return [liveness.judge(timeouts, START + each) for each in times]


def verdicts(liveness: Liveness, *times: float, timeouts: Timeouts = DEFAULT) -> list[Verdict]:
    return [liveness.verdict(timeouts, START + each) for each in times]


def fresh(liveness: Liveness, *times: float, timeouts: Timeouts = DEFAULT) -> list[bool]:
    return [liveness.fresh(timeouts, START + each) for each in times]


def test_the_handshake_is_the_first_evidence_and_the_first_answer() -> None:
    liveness = begun()
    assert (liveness.last_evidence_at, liveness.last_evidence_kind) == (START, HANDSHAKE)
    assert (liveness.last_answer_at, liveness.failures) == (START, 0)
    assert fresh(liveness, 0) == [True]
    assert verdicts(liveness, 0) == [LIVE]


@pytest.mark.parametrize("kind", ANSWERS)
def test_pong_and_message_are_evidence_and_answers(kind: EvidenceKind) -> None:
    liveness = begun()
    liveness.evidence(kind, START + 2)
    assert (liveness.last_evidence_at, liveness.last_evidence_kind) == (START + 2, kind)
    assert liveness.last_answer_at == START + 2


def test_an_acknowledgement_is_evidence_of_its_own_time_but_no_answer() -> None:
    liveness = begun()
    reported(liveness, 0.25, 1000)
    assert reported(liveness, 2, 1001, ack_age=0.125)
    assert (liveness.last_evidence_at, liveness.last_evidence_kind) == (START + 1.875, ACK)
    assert liveness.last_answer_at == START


def test_the_first_reading_is_a_baseline_only() -> None:
    liveness = begun()
    assert not reported(liveness, 0.25, 5000)
    assert (liveness.last_evidence_at, liveness.last_evidence_kind) == (START, HANDSHAKE)


def test_a_reading_that_repeats_is_no_evidence_however_young_the_acknowledgement() -> None:
    """Answers to keepalives and window probes are acknowledgements too, of nothing new."""
    liveness = begun()
    reported(liveness, 0.25, 5000)
    assert reported(liveness, 0.5, 5001)
    assert not reported(liveness, 0.75, 5001)
    assert not reported(liveness, 1.0, 4999)
    assert liveness.last_evidence_at == START + 0.5


def test_an_acknowledgement_older_than_the_last_evidence_is_none() -> None:
    liveness = begun()
    reported(liveness, 0.25, 5000)
    liveness.evidence(PONG, START + 1)
    assert not reported(liveness, 1.25, 6000, ack_age=0.25)
    assert not reported(liveness, 1.5, 7000, ack_age=0.75)
    assert (liveness.last_evidence_at, liveness.last_evidence_kind) == (START + 1, PONG)
    # What was acknowledged meanwhile is known: the same figure later is no progress.
    assert not reported(liveness, 2.0, 7000)


def test_progress_that_is_read_late_counts_from_when_it_came_in() -> None:
    liveness = begun()
    reported(liveness, 0.25, 5000)
    assert reported(liveness, 3, 6000, ack_age=2.5)
    assert liveness.last_evidence_at == START + 0.5
    assert fresh(liveness, 3) == [False]


def test_evidence_is_fresh_for_less_than_the_probe_timeout() -> None:
    assert fresh(begun(), 0.999, 1) == [True, False]
    liveness = begun()
    reported(liveness, 0.25, 1)
    reported(liveness, 5, 2, ack_age=0.5)
    assert fresh(liveness, 5, 5.499, 5.5) == [True, True, False]


def test_time_does_not_run_backwards_for_evidence() -> None:
    liveness = begun()
    liveness.evidence(PONG, START + 2)
    liveness.evidence(MESSAGE, START + 1.9)
    assert (liveness.last_evidence_at, liveness.last_answer_at) == (START + 2, START + 2)


def test_a_silent_cut_shuts_the_gate_then_fails_three_probes_and_then_closes() -> None:
    liveness = begun()
    transcript = []
    for at in (0.999, 1, 1.5, 1.999, 2, 2.999, 3, 3.999, 4):
        (reason,) = judged(liveness, at)
        transcript.append((at, fresh(liveness, at)[0], verdicts(liveness, at)[0], liveness.failures, reason))
    assert transcript == [
        (0.999, True, LIVE, 0, None),
        (1, False, LIVE, 0, None),
        (1.5, False, SILENT, 0, None),
        (1.999, False, SILENT, 0, None),
        (2, False, SILENT, 1, None),
        (2.999, False, SILENT, 1, None),
        (3, False, SILENT, 2, None),
        (3.999, False, SILENT, 2, None),
        (4, False, SILENT, 3, CloseReason.PROBES_FAILED),
    ]


@pytest.mark.parametrize("kind", EvidenceKind)
def test_a_client_that_is_back_after_three_seconds_of_backed_off_retransmissions_survives(kind: EvidenceKind) -> None:
    """Retransmissions at 0.2, 0.6, 1.4 and 3 s: the last one is the first to come through."""
    liveness = begun()
    reported(liveness, 0, 100)
    assert judged(liveness, 1, 2, 3) == [None, None, None]
    assert liveness.failures == 2
    if kind is ACK:
        assert reported(liveness, 3.25, 101, ack_age=0.2)
    else:
        liveness.evidence(kind, START + 3.05)
    assert liveness.failures == 0
    assert fresh(liveness, 3.25) == [True]
    assert judged(liveness, 3.25, 5, 7, 7.1) == [None, None, None, CloseReason.PROBES_FAILED]


def test_a_judge_that_comes_late_counts_the_probes_that_failed_meanwhile() -> None:
    liveness = begun()
    assert judged(liveness, 3.5) == [None]
    assert liveness.failures == 2
    assert judged(begun(), 10) == [CloseReason.PROBES_FAILED]


def test_as_many_probes_may_fail_as_configured() -> None:
    once = replace(DEFAULT, probe_failures=1)
    assert judged(begun(), 1.999, 2, timeouts=once) == [None, CloseReason.PROBES_FAILED]
    five = replace(DEFAULT, probe_failures=5)
    assert judged(begun(), 5.999, 6, timeouts=five) == [None, CloseReason.PROBES_FAILED]


def test_a_frozen_client_keeps_its_payload_and_is_closed_for_inactivity() -> None:
    """Acknowledgements prove its kernel and nothing above; they hold off the probes, not the inactivity timeout."""
    liveness = begun()
    for each in range(1, 21):
        liveness.evidence(PONG, START + each * 0.5)
    timeout = liveness.inactivity_timeout(DEFAULT)
    assert 10 < timeout < 11
    end = 10 + timeout
    at, acked = 10.0, 0
    while at < end:
        reported(liveness, at, acked := acked + 1, ack_age=0.01)
        assert fresh(liveness, at) == [True]
        assert judged(liveness, at) == [None]
        assert verdicts(liveness, at) == [LIVE if at < 11.5 else FROZEN]
        assert liveness.failures == 0
        at += 0.25
    assert judged(liveness, end) == [CloseReason.INACTIVE]
    assert liveness.inactivity_timeout(DEFAULT) == timeout


def test_no_probe_fails_behind_a_shut_window() -> None:
    """The gate shuts like any other, but the probes were never sent: the inactivity timeout decides."""
    liveness = begun()
    reported(liveness, 0, 100)
    reported(liveness, 0.25, 101, stuck=True)
    assert fresh(liveness, 1.249, 1.25) == [True, False]
    assert verdicts(liveness, 1.499, 1.5, 5, 29) == [LIVE, FROZEN, FROZEN, FROZEN]
    assert judged(liveness, 2, 4.5, 29.999, 30) == [None, None, None, CloseReason.INACTIVE]
    assert liveness.failures == 0


def test_a_window_that_opens_to_nobody_makes_probes_fail_again() -> None:
    liveness = begun()
    reported(liveness, 0.25, 100, stuck=True)
    assert judged(liveness, 3) == [None]
    reported(liveness, 3.25, 100, ack_age=0.1)
    assert verdicts(liveness, 3.25) == [SILENT]
    assert judged(liveness, 3.25, 4) == [None, CloseReason.PROBES_FAILED]


def test_without_an_answer_for_the_inactivity_timeout_the_probes_do_not_matter() -> None:
    timeouts = replace(DEFAULT, inactivity=5, probe_timeout=60)
    assert judged(begun(), 4.999, 5, timeouts=timeouts) == [None, CloseReason.INACTIVE]


def test_any_answer_holds_off_inactivity() -> None:
    timeouts = replace(DEFAULT, inactivity=5, probe_timeout=60)
    for kind in ANSWERS:
        liveness = begun()
        liveness.evidence(kind, START + 4)
        assert judged(liveness, 5, 8.999, 9, timeouts=timeouts) == [None, None, CloseReason.INACTIVE]


def test_an_acknowledgement_does_not_hold_off_inactivity() -> None:
    timeouts = replace(DEFAULT, inactivity=5, probe_timeout=60)
    liveness = begun()
    reported(liveness, 1, 1)
    assert reported(liveness, 4, 2)
    assert judged(liveness, 4.999, 5, timeouts=timeouts) == [None, CloseReason.INACTIVE]


@pytest.mark.parametrize(("round_trip", "timeout"), [(None, 1.0), (0.01, 1.0), (0.4, 1.2), (1.0, 3.0), (60.0, 5.0)])
def test_a_long_round_trip_stretches_the_probe_timeout_up_to_its_ceiling(
    round_trip: float | None, timeout: float
) -> None:
    liveness = begun()
    if round_trip is not None:
        liveness.round_trip.add(round_trip)
    assert liveness.probe_timeout(DEFAULT) == pytest.approx(timeout)


def test_a_slow_line_is_given_up_as_much_later() -> None:
    liveness = begun()
    liveness.round_trip.add(0.5)
    assert liveness.probe_timeout(DEFAULT) == 1.5
    assert fresh(liveness, 1.499, 1.5) == [True, False]
    assert verdicts(liveness, 1.999, 2) == [LIVE, SILENT]
    assert judged(liveness, 3, 4.5, 5.999, 6) == [None, None, None, CloseReason.PROBES_FAILED]


def test_a_probe_timeout_above_its_ceiling_wins() -> None:
    liveness = begun()
    liveness.round_trip.add(60)
    assert liveness.probe_timeout(replace(DEFAULT, probe_timeout=20)) == 20
    assert liveness.probe_timeout(replace(DEFAULT, probe_timeout=1, probe_timeout_ceiling=1)) == 1


def test_an_inactivity_below_its_floor_wins() -> None:
    assert begun().inactivity_timeout(replace(DEFAULT, inactivity=3)) == 3
    assert begun().inactivity_timeout(replace(DEFAULT, inactivity=3, inactivity_floor=3600)) == 3


@pytest.mark.parametrize("round_trip", [0, 0.5, 60])
@pytest.mark.parametrize("gap", [0.25, 0.5, 100])
def test_equal_bounds_make_the_timeouts_fixed(round_trip: float, gap: float) -> None:
    timeouts = replace(DEFAULT, inactivity=25, inactivity_floor=25, probe_timeout=2, probe_timeout_ceiling=2)
    liveness = begun()
    for each in range(1, 20):
        liveness.round_trip.add(round_trip)
        liveness.evidence(PONG, START + each * gap)
    assert (liveness.probe_timeout(timeouts), liveness.inactivity_timeout(timeouts)) == (2, 25)


def test_inactivity_begins_with_the_profiles_gap_and_comes_to_the_clients_own() -> None:
    wide = replace(DEFAULT, inactivity=600, inactivity_floor=1)
    liveness = begun(expected_gap=4)
    assert liveness.inactivity_timeout(wide) == pytest.approx(20 * 12)
    for each in range(1, 100):
        liveness.evidence(PONG, START + each * 0.5)
    assert liveness.inactivity_timeout(wide) == pytest.approx(10, rel=0.01)


def test_no_gap_below_the_heartbeat_is_expected() -> None:
    wide = replace(DEFAULT, inactivity=600, inactivity_floor=1)
    assert begun(0).inactivity_timeout(wide) == begun(HEARTBEAT_S).inactivity_timeout(wide) == pytest.approx(30)


def test_acknowledgements_say_nothing_of_the_clients_pattern() -> None:
    liveness = begun(expected_gap=4)
    wide = replace(DEFAULT, inactivity=600, inactivity_floor=1)
    before = liveness.inactivity_timeout(wide)
    for each in range(100):
        reported(liveness, each * 0.25, each)
    assert liveness.inactivity_timeout(wide) == before


STEPS = st.lists(
    st.tuples(
        st.floats(0, 5),
        st.sampled_from([*ANSWERS, ACK, None]),
        st.integers(0, 2),
        st.floats(0, 6),
        st.booleans(),
        st.none() | st.floats(0, 10),
    ),
    max_size=40,
)
"""Seconds that pass, what comes in; for a report, newly acknowledged, age and whether stuck; for a pong its trip."""


@given(st.floats(1, 60), st.floats(1, 60), STEPS)
def test_whatever_comes_in_payload_is_allowed_for_less_than_the_probe_timeout_after_the_last_evidence(
    probe_timeout: float,
    ceiling: float,
    steps: list[tuple[float, EvidenceKind | None, int, float, bool, float | None]],
) -> None:
    timeouts = replace(DEFAULT, probe_timeout=probe_timeout, probe_timeout_ceiling=ceiling)
    liveness, now, last, acked = begun(), START, START, 0
    liveness.acknowledged(Kernel(0, 0, stuck=False), START)
    for gap, kind, newly, age, stuck, round_trip in steps:
        now += gap
        if kind is ACK:
            acked += newly
            if newly and now - age > last:
                last = now - age
            liveness.acknowledged(Kernel(acked, age, stuck), now)
        elif kind is not None:
            last = now
            if round_trip is not None:
                liveness.round_trip.add(round_trip)
            liveness.evidence(kind, now)
        timeout = liveness.probe_timeout(timeouts)
        liveness.judge(timeouts, now)
        assert probe_timeout <= timeout <= max(probe_timeout, ceiling)
        assert liveness.last_evidence_at == last
        assert liveness.fresh(timeouts, now) == (now - last < timeout)
        assert not liveness.fresh(timeouts, last + timeout + 1e-9)


def test_failed_probes_are_counted_once_and_over_all_silences() -> None:
    liveness = begun()
    judged(liveness, 1.5, 2.5, 2.75, 3.0)
    assert (liveness.failures, liveness.failed) == (2, 2)
    liveness.evidence(PONG, START + 3)
    judged(liveness, 3.25, 5.0)
    assert (liveness.failures, liveness.failed) == (1, 3)


MIN_GAP = 0.25


def answering(activity: Inactivity, *gaps: float) -> Inactivity:
    now = START
    for gap in gaps:
        now += gap
        activity.answered(now, MIN_GAP)
    return activity


def test_at_first_the_timeout_is_made_of_the_expected_gap() -> None:
    # The first sample of RFC 6298: 0.4 + 4 * 0.4 / 2.
    assert Inactivity(0.4, START).timeout(1, 60) == pytest.approx(SILENCE_INTERVALS * 1.2)


def test_two_answers_a_second_make_about_ten_seconds() -> None:
    assert answering(Inactivity(0.5, START), *[0.5] * 30).timeout(1, 60) == pytest.approx(10, rel=0.01)


def test_the_observed_gaps_take_over_from_an_expectation_that_was_wrong() -> None:
    assert Inactivity(4.0, START).timeout(1, 600) == pytest.approx(240)
    assert answering(Inactivity(4.0, START), *[0.5] * 80).timeout(1, 600) == pytest.approx(10, rel=0.01)
    assert answering(Inactivity(0.5, START), *[4.0] * 80).timeout(1, 600) == pytest.approx(80, rel=0.01)


def test_an_irregular_client_has_longer_than_a_regular_one_of_the_same_mean() -> None:
    regular = answering(Inactivity(1.0, START), *[1.0] * 40)
    irregular = answering(Inactivity(1.0, START), *[0.5, 1.5] * 20)
    assert irregular.timeout(1, 600) > 1.5 * regular.timeout(1, 600)


def test_a_burst_of_answers_counts_once() -> None:
    alone = answering(Inactivity(0.5, START), *[2.0] * 10)
    in_bursts = answering(Inactivity(0.5, START), 2.0, *[0.0, 0.001, 0.1, 0.1, 1.799] * 9)
    assert in_bursts.timeout(1, 600) == pytest.approx(alone.timeout(1, 600))


def test_a_gap_as_long_as_the_least_counts() -> None:
    expected = Inactivity(4.0, START).timeout(1, 600)
    # 4.0 and 2.0 before; 2.0 * 3/4 + |4.0 - 0.25| / 4 and 4.0 * 7/8 + 0.25 / 8 after.
    counted = SILENCE_INTERVALS * (3.53125 + 4 * 2.4375)
    assert answering(Inactivity(4.0, START), MIN_GAP).timeout(1, 600) == pytest.approx(counted)
    assert answering(Inactivity(4.0, START), MIN_GAP - 0.001).timeout(1, 600) == expected


@pytest.mark.parametrize(
    ("floor", "ceiling", "timeout"), [(0, 600, 36), (10, 30, 30), (40, 60, 40), (5, 5, 5), (10, 3, 3)]
)
def test_the_bounds_hold_and_a_ceiling_below_the_floor_wins(floor: float, ceiling: float, timeout: float) -> None:
    # Without bounds it is 36 s.
    assert Inactivity(0.6, START).timeout(floor, ceiling) == pytest.approx(timeout)


@given(st.floats(0.1, 100), st.lists(st.floats(0, 100), max_size=50), st.floats(0, 50), st.floats(0, 50))
def test_the_timeout_is_always_between_its_bounds(
    expected: float, gaps: list[float], floor: float, width: float
) -> None:
    assert floor <= answering(Inactivity(expected, START), *gaps).timeout(floor, floor + width) <= floor + width


@given(st.floats(0.1, 100), st.floats(MIN_GAP + 0.001, 100), st.integers(1, 100))
def test_a_regular_client_is_given_many_times_its_own_gap(expected: float, gap: float, answers: int) -> None:
    # The smoothed gap reaches the true one from either side; the deviation covers what is missing.
    timeout = answering(Inactivity(expected, START), *[gap] * answers).timeout(0, 1e9)
    assert timeout > gap * SILENCE_INTERVALS * 0.99
