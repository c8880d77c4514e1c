from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.session.close_reason import CloseReason
from householdd.session.commands import Close
from householdd.session.liveness import Kernel
from householdd.session.proof import MIN_ALLOWANCE_BYTES
from householdd.session.session import MIN_READ_BYTES, UNASKED_GRACE_BYTES, Session
from householdd.session.states import EvidenceKind, SessionState
from householdd.settings.definitions import Timeouts
from tests.session.samples import PROFILES, SESSION_ID, START, WALL, active, handshaking

HANDSHAKE, ACTIVE, QUIET, CLOSING, CLOSED = SessionState

LATER = START + 1.5
"""Evidence of the start is overdue by then; no probe has failed yet."""


def acknowledged(session: Session, now: float, ack_age: float = 0.0) -> None:
    """Two readings of the kernel, so that there is progress between them."""
    session.acknowledged(Kernel(100, ack_age, stuck=False), now)
    session.acknowledged(Kernel(101, ack_age, stuck=False), now)


def in_state(state: SessionState) -> Session:
    session = handshaking()
    if state is HANDSHAKE:
        return session
    session.open()
    if state is QUIET:
        session.judge(LATER)
    if state in (CLOSING, CLOSED):
        session.close(CloseReason.KILLED)
    if state is CLOSED:
        session.on_closed(LATER, CloseReason.CONNECTION_LOST)
    return session


EVENTS: dict[str, Callable[[Session], object]] = {
    "message": lambda session: session.evidence(EvidenceKind.MESSAGE, LATER),
    "upload": lambda session: session.received(100, LATER),
    "pong": lambda session: session.pong(0.04, LATER),
    "silence": lambda session: session.judge(LATER),
    "acknowledgement": lambda session: acknowledged(session, LATER),
    "old acknowledgement": lambda session: acknowledged(session, LATER, ack_age=1.25),
    "portion": lambda session: session.payload_due(LATER),
    "end": lambda session: session.close(CloseReason.CLIENT_STOPPED),
    "gone": lambda session: session.on_closed(LATER, CloseReason.CONNECTION_LOST),
}

TRANSITIONS = {
    HANDSHAKE: (HANDSHAKE, HANDSHAKE, HANDSHAKE, HANDSHAKE, HANDSHAKE, HANDSHAKE, HANDSHAKE, HANDSHAKE, CLOSED),
    ACTIVE: (ACTIVE, ACTIVE, ACTIVE, QUIET, ACTIVE, ACTIVE, QUIET, CLOSING, CLOSED),
    QUIET: (ACTIVE, ACTIVE, ACTIVE, QUIET, ACTIVE, QUIET, QUIET, CLOSING, CLOSED),
    CLOSING: (CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, CLOSING, CLOSED),
    CLOSED: (CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED),
}
"""For each state the one after each of EVENTS, in their order."""


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [(before, event, after) for before, row in TRANSITIONS.items() for event, after in zip(EVENTS, row, strict=True)],
)
def test_an_event_leads_to_the_next_state(before: SessionState, event: str, after: SessionState) -> None:
    session = in_state(before)
    assert session.state is before
    EVENTS[event](session)
    assert session.state is after


@pytest.mark.parametrize("state", [ACTIVE, CLOSING, CLOSED])
def test_a_session_opens_once(state: SessionState) -> None:
    with pytest.raises(AssertionError, match=f"session {SESSION_ID}: {state} cannot become active"):
        in_state(state).open()


@pytest.mark.parametrize("state", list(SessionState))
def test_live_is_active_or_quiet(state: SessionState) -> None:
    assert in_state(state).live is (state in (ACTIVE, QUIET))


@pytest.mark.parametrize("state", [HANDSHAKE, QUIET, CLOSING, CLOSED])
def test_the_gate_is_shut_in_every_state_but_active(state: SessionState) -> None:
    session = in_state(state)
    assert session.payload_due(START + 0.5) == 0
    assert session.upload_due(START + 0.5) == 0


def test_payload_becomes_due_by_the_profile() -> None:
    session = active("alex")
    assert session.payload_due(START + 0.1) == 6 * 1_500_000 // 8 // 64
    session.sent(session.payload_due(START + 0.1))
    assert session.payload_due(START + 0.1) == 0
    assert session.sums.sent == 6 * 1_500_000 // 8 // 64


def test_a_portion_is_refused_on_stale_evidence_before_any_control_pass() -> None:
    session = active()
    assert session.payload_due(START + 0.999) > 0
    assert session.payload_due(START + 1.0) == 0
    assert session.state is QUIET


def test_nothing_is_made_up_for_when_evidence_returns() -> None:
    session = active()
    session.judge(START + 1)
    session.evidence(EvidenceKind.PONG, START + 1.2)
    assert session.state is ACTIVE
    assert session.payload_due(START + 1.2) == 0
    assert session.upload_due(START + 1.2) == 0
    assert session.payload_due(START + 1.3) > 0


def test_an_upload_is_asked_for_once() -> None:
    session = active("sarah")
    assert session.upload_due(START + 0.25) == int(7 * 2.5e6 / 8 / 30)
    assert session.upload_due(START + 0.25) == 0


def test_nothing_is_made_up_for_when_acknowledgements_return() -> None:
    session = active()
    session.judge(START + 1)
    acknowledged(session, START + 1.2)
    assert session.state is ACTIVE
    assert session.payload_due(START + 1.2) == 0
    assert session.payload_due(START + 1.3) > 0


def test_late_news_of_an_old_acknowledgement_does_not_open_the_gate() -> None:
    session = active()
    session.judge(START + 1)
    acknowledged(session, START + 2, ack_age=1.2)
    assert session.state is QUIET
    assert session.liveness.last_evidence_at == START + 0.8
    # It is evidence all the same: the probes are counted from it.
    assert session.judge(START + 4.79) is None
    assert session.judge(START + 4.81) == Close(CloseReason.PROBES_FAILED)


def test_a_silent_client_is_quiet_after_a_probe_and_given_up_after_three_more() -> None:
    session = active()
    transcript = [(session.judge(START + at), session.state) for at in (0.75, 1.0, 2.0, 3.0, 3.75, 4.0)]
    assert transcript == [
        (None, ACTIVE),
        (None, QUIET),
        (None, QUIET),
        (None, QUIET),
        (None, QUIET),
        (Close(CloseReason.PROBES_FAILED), QUIET),
    ]


def test_a_frozen_client_stays_active_until_its_inactivity_timeout() -> None:
    session = active(timeouts=Timeouts(inactivity=5))
    for each in range(20):
        session.acknowledged(Kernel(each, 0.01, stuck=False), START + each * 0.25)
        assert session.judge(START + each * 0.25) is None
        session.sent(session.payload_due(START + each * 0.25))
        session.proof.pinged(b"unanswered", 0, START + each * 0.25)
    assert session.state is ACTIVE
    # Its kernel's acknowledgements keep it alive, and earn it nothing.
    assert session.sums.sent == MIN_ALLOWANCE_BYTES
    session.acknowledged(Kernel(20, 0.01, stuck=False), START + 5)
    assert session.judge(START + 5) == Close(CloseReason.INACTIVE)


def test_a_client_with_a_shut_window_is_quiet_until_its_inactivity_timeout() -> None:
    session = active()
    session.acknowledged(Kernel(100, 0, stuck=True), START + 0.25)
    transcript = [(session.judge(START + at), session.state) for at in (0.75, 1.0, 4.0, 29.75, 30.0)]
    assert transcript == [
        (None, ACTIVE),
        (None, QUIET),
        (None, QUIET),
        (None, QUIET),
        (Close(CloseReason.INACTIVE), QUIET),
    ]


def test_a_pong_brings_its_round_trip() -> None:
    session = active()
    session.pong(0.5, START + 0.5)
    assert session.liveness.round_trip.latest == 0.5
    assert session.liveness.last_evidence_kind is EvidenceKind.PONG
    assert session.liveness.probe_timeout(session.timeouts) == 1.5


@pytest.mark.parametrize(("who", "seconds"), [("alex", 30), ("sarah", 30), ("jake", 20 * 3 * 4.01)])
def test_inactivity_starts_from_the_profiles_longest_gap(who: str, seconds: float) -> None:
    session = active(who, Timeouts(inactivity=600, inactivity_floor=1))
    assert session.liveness.inactivity_timeout(session.timeouts) == pytest.approx(seconds)


def test_a_client_that_answers_each_second_lives_until_its_maximum_duration() -> None:
    session = active()
    for second in range(1, 301):
        session.evidence(EvidenceKind.PONG, START + second - 0.5)
        assert session.judge(START + second) is None
        assert session.expired(START + second - 0.001) is None
    assert session.expired(START + 300) == Close(CloseReason.MAX_DURATION)


def test_changed_timeouts_act_on_a_live_session() -> None:
    session = active()
    session.timeouts = Timeouts(max_duration=10, inactivity=2)
    assert session.expired(START + 10) == Close(CloseReason.MAX_DURATION)
    assert session.judge(START + 2) == Close(CloseReason.INACTIVE)


def test_no_verdict_on_a_session_that_is_not_live() -> None:
    assert in_state(CLOSING).judge(START + 1000) is None


def test_the_first_close_reason_stands() -> None:
    session = active()
    assert session.close(CloseReason.KILLED, "maintenance")
    assert not session.close(CloseReason.EMERGENCY, "fire")
    session.on_closed(START + 2, CloseReason.CONNECTION_LOST)
    assert (session.close_reason, session.close_detail) == (CloseReason.KILLED, "maintenance")


def test_a_connection_that_ends_by_itself_gives_the_reason() -> None:
    session = active()
    session.on_closed(START + 2, CloseReason.CONNECTION_LOST)
    session.on_closed(START + 9, CloseReason.CLIENT_CLOSED)
    assert (session.close_reason, session.closed_at) == (CloseReason.CONNECTION_LOST, START + 2)


def test_age_stops_at_the_end() -> None:
    session = active()
    assert session.age(START + 2) == 2
    session.on_closed(START + 3, CloseReason.CONNECTION_LOST)
    assert session.age(START + 9) == 3
    assert session.opened_wall == WALL


def test_evidence_after_the_end_was_decided_is_not_noted() -> None:
    session = in_state(CLOSING)
    session.received(60, START + 1)
    session.received(40, START + 1)
    assert session.liveness.last_evidence_kind is EvidenceKind.HANDSHAKE
    assert session.sums.received == 100


@pytest.mark.parametrize("who", ["alex", "sarah", "jake", "computer"])
def test_a_client_that_rounds_each_request_up_to_whole_chunks_uploads_in_peace(who: str) -> None:
    session = active(who)
    chunk = 64 * 1024
    for step in range(300 * 4):
        now = START + step / 4
        session.evidence(EvidenceKind.MESSAGE, now)
        wanted = session.upload_due(now + 0.25)
        size = min(max(wanted, 1), chunk)
        for _ in range(-(-wanted // size)):
            assert session.received(size, now) is None
    assert session.sums.received > session.profile.upload.shape().mean_bps / 8 * 290


def test_what_was_asked_for_may_come_late_all_at_once() -> None:
    session = active("sarah")
    asked = 0
    for step in range(40):
        session.evidence(EvidenceKind.MESSAGE, START + step / 4)
        asked += session.upload_due(START + step / 4 + 0.25)
    assert asked > 2.5e6 / 8 * 9
    assert session.received(asked, START + 60) is None


@pytest.mark.parametrize(
    ("who", "seconds", "end"),
    [
        ("probe", 100, Close(CloseReason.EXCESS_UPLOAD)),
        ("jake", 0, None),
        ("jake", 100, None),
        ("sarah", 10, None),
    ],
)
def test_far_more_upload_than_was_asked_for_is_held_back_or_ends_a_session_without_uploads(
    who: str, seconds: float, end: Close | None
) -> None:
    session = active(who)
    now = START + seconds
    bound = 2 * int(session.profile.upload.shape().mean_bps / 8 * seconds) + UNASKED_GRACE_BYTES
    assert session.received(bound // 2, now) is None
    assert session.received(bound // 2 - 1024, now) is None
    assert not session.held_back
    assert session.received(2048, now) == end
    assert session.held_back is (end is None)
    session.received(1024, now)
    assert session.errors.unasked == (1 if end is None else 2)
    session.close(CloseReason.EXCESS_UPLOAD)
    assert session.received(10**9, now) is None


def test_a_lowered_rate_does_not_condemn_what_came_before() -> None:
    session = active("sarah")
    assert session.received(int(2.5e6 / 8 * 2 * 100), START + 100) is None
    session.set_profile(PROFILES.by_key["jake"], START + 100)
    session.received(UNASKED_GRACE_BYTES, START + 101)
    assert not session.held_back
    session.received(UNASKED_GRACE_BYTES, START + 101)
    assert session.held_back


def test_a_client_that_is_held_back_is_read_as_fast_as_it_was_to_be_asked() -> None:
    session = active("jake")
    for step in range(40):
        session.evidence(EvidenceKind.MESSAGE, START + step / 4)
        asked = session.upload_due(START + step / 4 + 0.25)
        assert session.readable == max(asked, MIN_READ_BYTES)
    session.hold(math.inf, 10_000, START + 10)
    session.upload_due(START + 10.25)
    assert session.readable == MIN_READ_BYTES


def test_rates_are_measured_from_what_was_sent_and_received() -> None:
    session = active()
    session.sent(1000)
    session.received(500, START + 1)
    session.measure(START + 1)
    assert (session.download_meter.bps, session.upload_meter.bps) == (8000, 4000)


STEPS = st.lists(
    st.tuples(
        st.floats(0, 1.5),
        st.sampled_from(["portion", "portion", "pass", "message", "pong", "acknowledgement"]),
        st.floats(0, 5),
    ),
    max_size=60,
)
"""Seconds that pass, what happens, and its round trip or age."""


@given(st.sampled_from(["alex", "jake", "computer"]), st.floats(0.1, 5), st.floats(0.1, 5), STEPS)
def test_silence_costs_less_than_a_probe_timeout_of_traffic(
    who: str, probe_timeout: float, ceiling: float, steps: list[tuple[float, str, float]]
) -> None:
    session = active(who, Timeouts(probe_timeout=probe_timeout, probe_timeout_ceiling=ceiling))
    longest = max(probe_timeout, ceiling)
    most = session.profile.download.shape().peak_bps / 8 * (longest + 0.25 + 1 / 30)
    now, last, acked = START, START, 0
    sent: list[tuple[float, int]] = []
    session.acknowledged(Kernel(acked, 0, stuck=False), now)
    for gap, step, seconds in steps:
        now += gap
        match step:
            case "message":
                session.evidence(EvidenceKind.MESSAGE, now)
                last = now
            case "pong":
                session.pong(seconds, now)
                last = now
            case "acknowledgement":
                acked += 1
                session.acknowledged(Kernel(acked, seconds, stuck=False), now)
                last = max(last, now - seconds)
            case "pass":
                session.judge(now)
            case _:
                due = session.payload_due(now)
                assert due == 0 or now - last < session.liveness.probe_timeout(session.timeouts) <= longest
                session.sent(due)
                sent.append((now, due))
        assert sum(count for at, count in sent if at > last) <= most
    shut = last + session.liveness.probe_timeout(session.timeouts)
    assert session.payload_due(max(now, shut + 1e-6)) == 0


def test_a_probe_is_pinged_only_when_it_has_fallen_silent() -> None:
    probe, alex = active("probe"), active("alex")
    for session in (probe, alex):
        session.evidence(EvidenceKind.MESSAGE, START + 1)
    assert [probe.wants_ping(START + after) for after in (1.2, 1.4, 1.5, 2)] == [False, False, True, True]
    assert alex.wants_ping(START + 1.2)
