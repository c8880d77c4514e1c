from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from household.v1 import server_service_pb2
from household.v1 import session_pb2 as pb
from householdd.admission.admission import Cause
from householdd.api import convert
from householdd.session.close_reason import CloseReason
from householdd.session.liveness import Kernel
from householdd.session.states import EvidenceKind, SessionState, Verdict
from householdd.settings.definitions import Timeouts
from tests.session.samples import SESSION_ID, START, WALL, active


@given(st.floats(0, 1e6))
def test_seconds_survive_to_the_microsecond(value: float) -> None:
    assert convert.seconds(convert.duration(value)) == pytest.approx(value, abs=5.1e-7)


def test_a_timestamp_is_unix_time_to_the_microsecond() -> None:
    assert convert.timestamp(1_700_000_000.25).ToJsonString() == "2023-11-14T22:13:20.250Z"


@pytest.mark.parametrize("reason", CloseReason)
def test_a_close_reason_is_kept_as_its_word(reason: CloseReason) -> None:
    assert convert.reason_word(convert.reason(reason)) == reason.value
    assert convert.reason_of_word(reason.value) == convert.reason(reason)


def test_a_close_reason_of_a_newer_daemon_is_unspecified() -> None:
    assert convert.reason_of_word("too_new") == pb.CLOSE_REASON_UNSPECIFIED
    assert convert.reason_word(cast("Any", 99)) == "unspecified"


def test_every_word_of_the_core_is_one_of_the_api() -> None:
    assert sorted(map(convert.state, SessionState)) == pb.SessionState.values()[1:]
    assert sorted(map(convert.reason, CloseReason)) == pb.CloseReason.values()[1:]
    assert sorted(map(convert.evidence, EvidenceKind)) == pb.EvidenceKind.values()[1:]
    assert sorted(map(convert.refusal, Cause)) == server_service_pb2.RefusalCause.values()[1:]
    assert sorted(map(convert.verdict, Verdict)) == pb.Verdict.values()[1:]


def test_the_api_has_every_deadline() -> None:
    assert list(pb.Timeouts.DESCRIPTOR.fields_by_name) == list(Timeouts.ranges())


def test_a_new_session_is_shown_with_its_labels_and_targets() -> None:
    shown = convert.session(active("jake"), "3", START)
    assert (shown.id, shown.user_id, shown.test_id, shown.profile) == (SESSION_ID, "jake_42", "42", "jake")
    assert (shown.peer_address, shown.user_agent, shown.worker) == ("192.0.2.7:51234", "Browser/1.0", "3")
    assert (shown.target_download_bps, shown.target_upload_bps) == (5e6, 1e5)
    assert shown.state == pb.SESSION_STATE_ACTIVE
    assert shown.opened_at == convert.timestamp(WALL)
    assert shown.timeouts == convert.timeouts(Timeouts())
    assert shown.evidence_kind == pb.EVIDENCE_KIND_HANDSHAKE
    assert shown.close_reason == pb.CLOSE_REASON_UNSPECIFIED
    assert not shown.HasField("round_trip")
    assert not shown.HasField("closed_at")


def test_a_live_session_is_shown_as_it_is_now() -> None:
    session = active()
    session.pong(0.02, START + 2)
    session.sent(250_000)
    session.received(125_000, START + 2)
    session.measure(START + 2)
    session.judge(START + 4)
    shown = convert.session(session, "0", START + 4)
    assert (shown.sent_bytes, shown.received_bytes) == (250_000, 125_000)
    assert (shown.actual_download_bps, shown.actual_upload_bps) == (1e6, 5e5)
    assert (shown.age, shown.evidence_age) == (convert.duration(4), convert.duration(2))
    assert shown.last_evidence_at == convert.timestamp(WALL + 2)
    assert (shown.evidence_kind, shown.probe_failures) == (pb.EVIDENCE_KIND_MESSAGE, 1)
    assert shown.round_trip == convert.duration(0.02)
    assert (shown.state, shown.verdict) == (pb.SESSION_STATE_QUIET, pb.VERDICT_SILENT)
    assert shown.answer_age == convert.duration(2)


def test_timeouts_are_shown_as_they_are_in_effect_beside_the_configured_ones() -> None:
    session = active(timeouts=Timeouts(inactivity=60.0, inactivity_floor=5.0))
    new = convert.session(session, "0", START)
    assert (new.effective_probe_timeout, new.effective_inactivity) == (convert.duration(1), convert.duration(30))
    # By RFC 6298: 0.5 + 4 * 0.25 for the round trip; for the gap 0.5 + 4 * 0.25 * 3/4, twentyfold.
    session.pong(0.5, START + 0.5)
    shown = convert.session(session, "0", START + 0.5)
    assert (shown.effective_probe_timeout, shown.effective_inactivity) == (convert.duration(1.5), convert.duration(25))
    assert (shown.timeouts.probe_timeout, shown.timeouts.inactivity) == (convert.duration(1), convert.duration(60))


def test_a_frozen_client_is_shown_by_its_verdict_and_the_age_of_its_last_answer() -> None:
    session = active()
    for each in range(13):
        session.acknowledged(Kernel(each, 0.05, stuck=False), START + each * 0.25)
    shown = convert.session(session, "0", START + 3)
    assert (shown.state, shown.verdict) == (pb.SESSION_STATE_ACTIVE, pb.VERDICT_FROZEN)
    assert (shown.evidence_kind, shown.evidence_age) == (pb.EVIDENCE_KIND_ACK, convert.duration(0.05))
    assert shown.answer_age == convert.duration(3)


def test_an_ended_session_is_shown_with_its_end_and_without_rates() -> None:
    session = active()
    session.sent(250_000)
    session.measure(START + 2)
    session.close(CloseReason.KILLED, "maintenance")
    session.on_closed(START + 2.5, CloseReason.CONNECTION_LOST)
    shown = convert.session(session, "0", START + 60)
    assert shown.state == pb.SESSION_STATE_CLOSED
    assert (shown.close_reason, shown.close_detail) == (pb.CLOSE_REASON_KILLED, "maintenance")
    assert (shown.closed_at, shown.age) == (convert.timestamp(WALL + 2.5), convert.duration(2.5))
    assert (shown.sent_bytes, shown.actual_download_bps, shown.actual_upload_bps) == (250_000, 0, 0)


def test_of_an_ended_session_nothing_is_judged() -> None:
    session = active()
    session.on_closed(START + 2.5, CloseReason.CONNECTION_LOST)
    shown = convert.session(session, "0", START + 60)
    assert shown.verdict == pb.VERDICT_UNSPECIFIED
    for name in ("answer_age", "effective_probe_timeout", "effective_inactivity", "connection"):
        assert not shown.HasField(name), name


def test_evidence_that_is_newer_than_now_has_no_age() -> None:
    session = active()
    session.evidence(EvidenceKind.PONG, START + 2)
    shown = convert.session(session, "0", START + 1.999)
    assert shown.evidence_age == shown.answer_age == convert.duration(0)
