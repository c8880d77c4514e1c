"""Question 2, second part: how many paced sessions one worker carries. It takes a machine without other work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.questions.paced import FEW, KINDS, PEER, PLAIN, SETTLE, Subject, cost, subjects, whole_periods
from householdd.config.profiles import read_profiles

FIRST, STEP = 0.5, 0.1
"""Parts of the sessions that would fill the core by their cost: where the climb begins, and its steps."""

SCRAPED = 1.0
"""Seconds that metrics may be old."""

TOLERANCE = 0.01
LATE_PART = 0.01
LOAD_LAG = 0.25
"""Seconds between two looks of the load at a session from which on it is the load that is measured."""

SESSIONS = "sessions"


def answer(options: Options) -> Answer:
    """A table for each kind of session. Raises SystemExit where not even a few are carried."""
    how = (
        "Sessions that one worker carries over WSS while each receives its rate within 1 %, over whole periods of "
        "Jake's bursts, and 99 % of all portions of payload are handled within 5 ms of their time. Sessions are "
        f"added until one of the two fails. {PLAIN}"
    )
    # In so long, one portion of the others more or less is no 1 %.
    seconds = whole_periods(options.seconds)
    tables = []
    for name, users in KINDS.items():
        with subjects(users) as each:
            measures = {key: partial(_capacity, each[key], seconds) for key in ("householdd", PEER)}
            rows = interleaved(measures, options.rounds)
        tables.append(Table(name, rows, SESSIONS, PEER, {"householdd": "2 at least"}))
    return Answer("Paced sessions of one worker", how, tables, Plot(SESSIONS))


def _capacity(subject: Subject, seconds: float) -> Measured:
    with contextlib.closing(subject.crowd()) as crowd:
        crowd.resize(FEW)
        crowd.play(SETTLE)
        full = 1 / cost(crowd, subject.pid, seconds)
        failing = partial(_failing, crowd, subject, seconds)
        return {SESSIONS: _climb(crowd, round(FIRST * full), round(STEP * full), failing)}


def _climb(crowd: Crowd, first: int, step: int, failing: Callable[[], str]) -> int:
    """The most sessions that are carried: steps down from ``first`` while those are too many, else steps up."""
    carried, count, fewer = 0, first, False
    while count >= FEW:
        crowd.resize(count)
        crowd.play(SETTLE)
        why = failing()
        print(f"  {count} sessions: {why or 'carried'}", flush=True)
        if why and carried:
            return carried
        if not why and fewer:
            return count
        carried, fewer = (0, True) if why else (count, False)
        count += -step if why else step
    raise SystemExit(f"not even {FEW} sessions are carried: the machine does other work")


def _failing(crowd: Crowd, subject: Subject, seconds: float) -> str:
    """What did not hold over the next seconds; empty where all did."""
    profiles = read_profiles(None).by_key
    wanted = {user: profiles[user].download.shape().mean_bps for user in crowd.users}
    all_before, late_before = subject.ticks()
    off = [abs(rate / wanted[user] - 1) for user, rate in crowd.rates(seconds)]
    lag = crowd.slowest
    crowd.play(SCRAPED)
    all_after, late_after = subject.ticks()
    late = (late_after - late_before) / max(all_after - all_before, 1)
    if lag > LOAD_LAG:
        return f"the load itself was {lag:.2f} s late"
    if max(off) > TOLERANCE:
        return f"{sum(each > TOLERANCE for each in off)} off their rate, worst {max(off):.1%}"
    return f"{late:.1%} of the portions late" if late > LATE_PART else ""
