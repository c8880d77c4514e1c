"""Question 2, second part: paced sessions that one worker carries. Requires an otherwise idle machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.questions.paced import KINDS, PEER, PLAIN, SESSION_COUNT, SETTLE_S, Subject, cost, subjects, whole_periods
from householdd.config.profiles import read_profiles

FIRST, STEP = 0.5, 0.1
"""Shares of the sessions that would fill the core by their cost: begin and step of the search."""

METRICS_AGE_S = 1.0
"""Age of metrics."""

TOLERANCE = 0.01
MAX_LATE_SHARE = 0.01
MAX_LOAD_LAG_S = 0.25
"""Poll interval of the load from which the load itself is the bottleneck."""

SESSIONS = "sessions"


def answer(options: Options) -> Answer:
    """Return a table for each kind of session. Raise SystemExit if not even a few are carried."""
    how = (
        "Sessions that one worker carries over WSS while each receives its rate within 1 %, over whole periods of "
        "Jake's bursts, and 99 % of all portions of payload are handled within 5 ms of their time. Sessions are "
        f"added until one of the two fails. {PLAIN}"
    )
    # Long enough that one portion more or less is below 1 %.
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
        crowd.resize(SESSION_COUNT)
        crowd.play(SETTLE_S)
        full = 1 / cost(crowd, subject.pid, seconds)
        failing = partial(_failing, crowd, subject, seconds)
        return {SESSIONS: _climb(crowd, round(FIRST * full), round(STEP * full), failing)}


def _climb(crowd: Crowd, first: int, step: int, failing: Callable[[], str]) -> int:
    """Return the most sessions carried: search down from ``first`` while those are too many, else up."""
    carried, count, fewer = 0, first, False
    while count >= SESSION_COUNT:
        crowd.resize(count)
        crowd.play(SETTLE_S)
        why = failing()
        print(f"  {count} sessions: {why or 'carried'}", flush=True)
        if why and carried:
            return carried
        if not why and fewer:
            return count
        carried, fewer = (0, True) if why else (count, False)
        count += -step if why else step
    raise SystemExit(f"not even {SESSION_COUNT} sessions are carried: the machine does other work")


def _failing(crowd: Crowd, subject: Subject, seconds: float) -> str:
    """Return what failed over the next seconds; empty if nothing did."""
    profiles = read_profiles(None).by_key
    wanted = {user: profiles[user].download.shape().mean_bps for user in crowd.users}
    all_before, late_before = subject.ticks()
    off = [abs(rate / wanted[user] - 1) for user, rate in crowd.rates(seconds)]
    lag = crowd.slowest
    crowd.play(METRICS_AGE_S)
    all_after, late_after = subject.ticks()
    late = (late_after - late_before) / max(all_after - all_before, 1)
    if lag > MAX_LOAD_LAG_S:
        return f"the load itself was {lag:.2f} s late"
    if max(off) > TOLERANCE:
        return f"{sum(each > TOLERANCE for each in off)} off their rate, worst {max(off):.1%}"
    return f"{late:.1%} of the portions late" if late > MAX_LATE_SHARE else ""
