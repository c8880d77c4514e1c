"""Everything that can happen to a session, in any order, against what must hold of it at any time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from householdd.session.close_reason import CloseReason
from householdd.session.liveness import Kernel
from householdd.session.states import EvidenceKind, SessionState
from householdd.settings.definitions import Timeouts
from tests.session.samples import START, handshaking

PASS = 0.25
"""Seconds between two control passes."""

HANDSHAKE, ACTIVE, QUIET, CLOSING, CLOSED = SessionState

STAGE = {HANDSHAKE: 0, ACTIVE: 1, QUIET: 1, CLOSING: 2, CLOSED: 3}
"""A session goes from one stage to a later one, and never back."""

TIMEOUTS = st.just(Timeouts()) | st.builds(
    Timeouts,
    inactivity=st.floats(1, 60),
    inactivity_floor=st.floats(1, 60),
    max_duration=st.floats(1, 120),
    probe_timeout=st.floats(0.1, 10),
    probe_timeout_ceiling=st.floats(0.1, 10),
    probe_failures=st.integers(1, 10),
    close=st.floats(0.1, 30),
)

SECONDS = st.floats(0, 5) | st.floats(0, 0.3)


class SessionMachine(RuleBasedStateMachine):
    """Drives a session as the worker does: a clock, a connection, a kernel, and a control pass in this order."""

    def __init__(self) -> None:
        super().__init__()
        self.session = handshaking()
        self.now = START
        self.last = START
        """When the last evidence came in, by the model."""
        self.answered = START
        self.acked: int | None = None
        """The kernel's figure when it was last read."""
        self.truth = 0
        """The figure now."""
        self.stuck = False
        """Whether the window was shut when the kernel was last asked."""
        self.abort_at: float | None = None
        self.undisturbed_until = START
        """Until then nobody but the control pass ends the session."""
        self.seen = HANDSHAKE
        self.reason: CloseReason | None = None
        self.outcome: tuple[float | None, CloseReason | None, float] | None = None
        self.sums = (0, 0)

    @initialize(
        who=st.sampled_from(["alex", "sarah", "jake", "computer"]),
        timeouts=TIMEOUTS,
        opens=st.integers(0, 9),
        undisturbed=st.floats(0, 20),
    )
    def begin(self, who: str, timeouts: Timeouts, opens: int, undisturbed: float) -> None:
        """Most sessions open, and most live for a while before somebody ends them."""
        self.session = handshaking(who, timeouts)
        self.undisturbed_until = START + undisturbed
        if opens:
            self.session.open()

    @rule(seconds=SECONDS)
    def silence(self, seconds: float) -> None:
        self.now += seconds

    @rule(kind=st.sampled_from(["message", "upload", "pong"]), round_trip=st.floats(0, 2) | st.floats(0, 20))
    def answer(self, kind: str, round_trip: float) -> None:
        if self.session.live:
            self.last = max(self.last, self.now)
            self.answered = self.last
        match kind:
            case "message":
                self.session.evidence(EvidenceKind.MESSAGE, self.now)
            case "upload":
                self.session.received(1000, self.now)
            case _:
                self.session.pong(round_trip, self.now)

    @rule(newly=st.integers(0, 3), ack_age=SECONDS, stuck=st.booleans())
    def report(self, newly: int, ack_age: float, *, stuck: bool) -> None:
        """The kernel is asked, after the peer has acknowledged ``newly`` more."""
        self.truth += newly
        progress = self.acked is not None and self.truth > self.acked
        if self.session.live:
            if progress:
                self.last = max(self.last, self.now - ack_age)
            self.acked, self.stuck = self.truth, stuck
        self.session.acknowledged(Kernel(self.truth, ack_age, stuck), self.now)

    @rule(share=st.floats(0, 1))
    def portion(self, share: float) -> None:
        """A payload portion is due; the write buffer takes a share of it."""
        due = self.session.payload_due(self.now)
        stale = self.now - self.last >= self.session.liveness.probe_timeout(self.session.timeouts)
        assert due >= 0
        if stale or self.session.state is not ACTIVE:
            assert due == 0, "payload on stale evidence"
        self.session.sent(int(due * share))

    @rule(ahead=st.floats(0, 1))
    def ask_for_upload(self, ahead: float) -> None:
        due = self.session.upload_due(self.now + ahead)
        assert due >= 0
        assert due == 0 or self.session.state is ACTIVE

    @rule()
    def control_pass(self) -> None:
        session = self.session
        if self.abort_at is not None and self.now >= self.abort_at:
            self._lose(clean=False)
        elif session.live and (expired := session.expired(self.now)):
            self._end(expired.reason)
        live = session.live
        close = session.judge(self.now)
        reason = None if close is None else close.reason
        assert reason in (None, CloseReason.PROBES_FAILED, CloseReason.INACTIVE)
        if not live:
            assert reason is None
        timeouts, liveness = session.timeouts, session.liveness
        if live and reason is None:
            assert self.now - self.answered < liveness.inactivity_timeout(timeouts) <= timeouts.inactivity
            silence = self.now - self.last
            assert self.stuck or silence < (timeouts.probe_failures + 1) * liveness.probe_timeout(timeouts) + 1e-9
            assert session.state is QUIET or silence < liveness.probe_timeout(timeouts)
        if reason is CloseReason.PROBES_FAILED:
            assert not self.stuck, "a probe that was never sent"
            self._end(reason)
            self._lose(clean=False)
        elif reason is not None:
            self._end(reason)
        session.measure(self.now)

    @rule(reason=st.sampled_from([CloseReason.KILLED, CloseReason.CLIENT_STOPPED, None]), clean=st.booleans())
    @precondition(lambda self: self.now >= self.undisturbed_until)
    def end(self, reason: CloseReason | None, *, clean: bool) -> None:
        """Somebody decides the end, or the connection is lost."""
        if reason is not None:
            self._end(reason)
        else:
            self._lose(clean=clean)

    @rule(timeouts=TIMEOUTS)
    def change_the_deadlines(self, timeouts: Timeouts) -> None:
        self.session.timeouts = timeouts

    @invariant()
    def evidence_is_what_was_received(self) -> None:
        assert self.session.liveness.last_evidence_at == self.last
        assert self.session.liveness.last_answer_at == self.answered

    @invariant()
    def no_stage_comes_again(self) -> None:
        assert STAGE[self.session.state] >= STAGE[self.seen]
        self.seen = self.session.state

    @invariant()
    def there_is_one_close_reason_and_it_stays(self) -> None:
        session = self.session
        assert (session.close_reason is None) == (session.state not in (CLOSING, CLOSED))
        assert self.reason is None or session.close_reason is self.reason
        self.reason = session.close_reason

    @invariant()
    def the_end_is_final(self) -> None:
        session = self.session
        assert (session.closed_at is None) == (session.state is not CLOSED)
        if session.state is CLOSED:
            end = (session.closed_at, session.close_reason, session.age(self.now))
            assert self.outcome in (None, end)
            self.outcome = end

    @invariant()
    def sums_only_grow(self) -> None:
        sums = self.session.sums
        assert sums.sent >= self.sums[0]
        assert sums.received >= self.sums[1]
        assert min(self.session.download.dropped, self.session.upload.dropped, self.session.liveness.failures) >= 0
        assert min(self.session.download_meter.bps, self.session.upload_meter.bps) >= 0
        self.sums = (sums.sent, sums.received)

    def teardown(self) -> None:
        """Whatever happened before, and however well the client behaves from now on, the session ends in time."""
        session = self.session
        if session.state is HANDSHAKE:
            return
        deadline = max(self.now, session.opened_at + session.timeouts.max_duration) + PASS
        while session.live:
            assert self.now <= deadline
            self.control_pass()
            self.now += PASS
            self.answer("pong", 0.02)
        if self.abort_at is not None:
            deadline = max(self.now, self.abort_at) + PASS
        while session.state is not CLOSED:
            assert self.now <= deadline
            self.control_pass()
            self.now += PASS

    def _lose(self, *, clean: bool) -> None:
        self.session.on_closed(self.now, CloseReason.CLIENT_CLOSED if clean else CloseReason.CONNECTION_LOST)
        self.abort_at = None

    def _end(self, reason: CloseReason) -> None:
        if self.session.close(reason):
            self.abort_at = self.now + self.session.timeouts.close


TestSessionMachine = SessionMachine.TestCase
TestSessionMachine.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
