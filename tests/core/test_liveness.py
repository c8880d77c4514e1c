from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.core.liveness import HEARTBEAT, Liveness
from householdd.core.settings import Timeouts
from householdd.core.vocabulary import CloseReason, EvidenceKind
from tests.core.samples import START

DEFAULT = Timeouts()


def judged(liveness: Liveness, *times: float, timeouts: Timeouts = DEFAULT) -> list[CloseReason | None]:
    """The verdicts at these seconds after the start."""
    return [liveness.judge(timeouts, START + each) for each in times]


def test_the_handshake_is_the_first_evidence() -> None:
    liveness = Liveness(START)
    assert (liveness.last_evidence_at, liveness.last_evidence_kind) == (START, EvidenceKind.HANDSHAKE)
    assert liveness.fresh(DEFAULT, START)


def test_evidence_is_noted_with_its_time_and_kind() -> None:
    liveness = Liveness(START)
    liveness.evidence(EvidenceKind.PONG, START + 2)
    assert (liveness.last_evidence_at, liveness.last_evidence_kind) == (START + 2, EvidenceKind.PONG)


def test_evidence_is_fresh_for_less_than_the_probe_timeout() -> None:
    liveness = Liveness(START)
    assert liveness.fresh(DEFAULT, START + 0.999)
    assert not liveness.fresh(DEFAULT, START + 1)


def test_the_third_failed_probe_in_a_row_closes() -> None:
    liveness = Liveness(START)
    assert judged(liveness, 0.999, 1, 1.999, 2, 2.999, 3) == [None, None, None, None, None, CloseReason.PROBES_FAILED]


def test_a_judge_that_comes_late_counts_one_failure_only() -> None:
    liveness = Liveness(START)
    assert judged(liveness, 10) == [None]
    assert liveness.failures == 1


def test_evidence_forgives_the_failures() -> None:
    liveness = Liveness(START)
    judged(liveness, 1, 2)
    assert liveness.failures == 2
    liveness.evidence(EvidenceKind.MESSAGE, START + 2.5)
    assert liveness.failures == 0
    assert judged(liveness, 3.4, 3.5, 4.5) == [None, None, None]
    assert liveness.failures == 2


def test_a_failed_probe_shuts_the_gate_even_when_the_timeout_is_raised_afterwards() -> None:
    liveness = Liveness(START)
    judged(liveness, 1)
    assert not liveness.fresh(DEFAULT.changed({"probe_timeout": 60}), START + 1)


def test_as_many_probes_may_fail_as_configured() -> None:
    timeouts = DEFAULT.changed({"probe_failures": 1})
    assert judged(Liveness(START), 0.9, 1, timeouts=timeouts) == [None, CloseReason.PROBES_FAILED]


def test_no_evidence_for_the_inactivity_timeout_closes_whatever_the_probes_say() -> None:
    timeouts = DEFAULT.changed({"inactivity": 5, "probe_timeout": 60})
    assert judged(Liveness(START), 4.999, 5, timeouts=timeouts) == [None, CloseReason.INACTIVE]


@pytest.mark.parametrize(
    ("round_trip", "timeout"),
    [(None, 1.0), (0.01, 1.0), (0.25, 1.0), (1.0, HEARTBEAT + 2), (4.0, HEARTBEAT + 8), (60.0, 10.0)],
)
def test_a_long_round_trip_stretches_the_probe_timeout_up_to_a_limit(round_trip: float | None, timeout: float) -> None:
    liveness = Liveness(START)
    liveness.round_trip = round_trip
    assert liveness.probe_timeout(DEFAULT) == timeout


def test_a_slow_line_is_given_up_as_much_later() -> None:
    liveness = Liveness(START)
    liveness.round_trip = 1.0
    assert judged(liveness, 2.4, 2.5, 5, 7.4, 7.5) == [None, None, None, None, CloseReason.PROBES_FAILED]


def test_a_configured_timeout_above_the_limit_stands() -> None:
    liveness = Liveness(START)
    liveness.round_trip = 60.0
    assert liveness.probe_timeout(DEFAULT.changed({"probe_timeout": 20})) == 20


@given(
    st.floats(0.1, 60),
    st.none() | st.floats(0, 100),
    st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=40),
)
def test_payload_is_never_allowed_a_probe_timeout_after_the_last_evidence(
    probe_timeout: float, round_trip: float | None, steps: list[tuple[float, bool]]
) -> None:
    timeouts = DEFAULT.changed({"probe_timeout": probe_timeout})
    longest = max(probe_timeout, min(0.5 + 2 * (round_trip or 0), 10))
    liveness, now, last = Liveness(START), START, START
    liveness.round_trip = round_trip
    for gap, heard in steps:
        now += gap
        if heard:
            liveness.evidence(EvidenceKind.ACK, now)
            last = now
        liveness.judge(timeouts, now)
        assert liveness.fresh(timeouts, now) == (now - last < longest)
