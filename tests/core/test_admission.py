from __future__ import annotations

import pytest

from householdd.core.addresses import parse_network
from householdd.core.admission import Admission, Cause


def test_whoever_is_welcome_is_let_in() -> None:
    assert Admission().denies("192.0.2.7", 0.0) is None


def test_a_blocked_client_is_told_why_and_until_when() -> None:
    admission = Admission()
    admission.blocks.add([parse_network("192.0.2.7")], "abuse", 60.0, now=0.0)
    denial = admission.denies("192.0.2.7", 0.5)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.BLOCKED, 60)
    assert denial.words == "Blocked by the operator: abuse. Try again in 60 s."
    assert admission.denies("192.0.2.8", 0.5) is None


@pytest.mark.parametrize(("left", "told"), [(0.0, 1), (-5.0, 1), (0.2, 1), (29.5, 30), (3600.0, 300)])
def test_while_draining_a_client_is_told_the_time_left_within_bounds(left: float, told: int) -> None:
    admission = Admission()
    admission.drain_deadline = 100.0 + left
    denial = admission.denies("192.0.2.7", 100.0)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.DRAINING, told)
    admission.drain_deadline = None
    assert admission.denies("192.0.2.7", 100.0) is None
