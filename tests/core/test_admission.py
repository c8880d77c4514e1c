from __future__ import annotations

import pytest

from householdd.core.addresses import customer, parse_network
from householdd.core.admission import Admission, Cause, Denial
from householdd.core.counts import Counts, size
from householdd.core.settings import Limits


def admission_of() -> Admission:
    return Admission(Counts(memoryview(bytearray(size(1))), 0))


def test_whoever_is_welcome_is_let_in() -> None:
    assert admission_of().denies("192.0.2.7", 0.0) is None


def test_a_blocked_client_is_told_why_and_until_when() -> None:
    admission = admission_of()
    admission.blocks.add([parse_network("192.0.2.7")], "abuse", 60.0, now=0.0)
    denial = admission.denies("192.0.2.7", 0.5)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.BLOCKED, 60)
    assert denial.words == "Blocked by the operator: abuse. Try again in 60 s."
    assert admission.denies("192.0.2.8", 0.5) is None


@pytest.mark.parametrize(("left", "told"), [(0.0, 1), (-5.0, 1), (0.2, 1), (29.5, 30), (3600.0, 300)])
def test_while_draining_a_client_is_told_the_time_left_within_bounds(left: float, told: int) -> None:
    admission = admission_of()
    admission.drain_deadline = 100.0 + left
    denial = admission.denies("192.0.2.7", 100.0)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.DRAINING, told)
    admission.drain_deadline = None
    assert admission.denies("192.0.2.7", 100.0) is None


def test_beyond_the_limit_of_all_sessions_nobody_is_let_in() -> None:
    admission = admission_of()
    admission.limits = Limits(max_sessions=2)
    admission.counts.opened(customer("192.0.2.7"))
    assert admission.denies("192.0.2.9", 0.0) is None
    admission.counts.opened(customer("192.0.2.8"))
    denial = admission.denies("192.0.2.9", 0.0)
    assert denial == Denial(Cause.FULL, "Full with 2 sessions; try again in 10 s.", 10)
    admission.counts.closed(customer("192.0.2.7"))
    assert admission.denies("192.0.2.9", 0.0) is None


def test_an_address_has_a_limit_of_its_own() -> None:
    admission = admission_of()
    admission.limits = Limits(max_sessions_per_address=1)
    admission.counts.opened(customer("2001:db8::1"))
    denial = admission.denies("2001:db8::2", 0.0)
    assert denial is not None
    assert denial.cause is Cause.ADDRESS_FULL
    assert denial.words == "Your address has 1 sessions, which is the limit; try again in 10 s."
    assert admission.denies("2001:db8:1::1", 0.0) is None


def test_new_sessions_have_a_rate() -> None:
    admission = admission_of()
    admission.limits = Limits(handshakes_per_second=3)
    let_in = 0
    for step in range(1000):
        now = 100 + step / 100
        if admission.denies("192.0.2.7", now) is None:
            admission.counts.handshake(now)
            let_in += 1
    # Ten seconds, and what comes at once at the beginning.
    assert 28 <= let_in <= 33
    for _ in range(3):
        admission.counts.handshake(200.0)
    denial = admission.denies("192.0.2.7", 200.0)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.RATE, 2)
