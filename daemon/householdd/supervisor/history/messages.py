"""Rows of the history as messages of the control API."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from household.v1 import history_service_pb2 as pb
from household.v1 import session_pb2
from householdd.api.convert import duration, reason_of_word, timestamp
from householdd.storage.rows import SERVER, RunRow, SessionRow, StretchRow
from householdd.storage.totals import GroupTotals

GRADES = {"A+": pb.GRADE_A_PLUS, "A": pb.GRADE_A, "B": pb.GRADE_B, "C": pb.GRADE_C, "D": pb.GRADE_D, "F": pb.GRADE_F}
"""Grades of the API by their stored text."""

CAUSES = {
    "line": pb.CAUSE_LINE,
    "device": pb.CAUSE_DEVICE,
    "server": pb.CAUSE_SERVER,
    "unknown": pb.CAUSE_UNKNOWN,
}

WITNESSES = {"application": pb.WITNESS_APPLICATION, "kernel": pb.WITNESS_KERNEL}

STRETCHES = {"download": pb.STRETCH_DOWNLOAD, "upload": pb.STRETCH_UPLOAD, "both": pb.STRETCH_BOTH}


def session_record(row: SessionRow) -> pb.SessionRecord:
    session = session_pb2.Session(
        id=row.id,
        user_id=row.user_id,
        test_id=row.test_id,
        profile=row.profile,
        state=session_pb2.SESSION_STATE_CLOSED,
        peer_address=row.address or "",
        user_agent=row.user_agent,
        opened_at=timestamp(row.opened_at),
        closed_at=timestamp(row.closed_at),
        age=duration(row.closed_at - row.opened_at),
        sent_bytes=row.sent_bytes,
        received_bytes=row.received_bytes,
        target_download_bps=row.target_download_bps,
        target_upload_bps=row.target_upload_bps,
        probe_failures=row.probe_failures,
        worker=row.worker,
        close_reason=reason_of_word(row.reason),
        close_detail=row.detail,
        server_limited=row.server_limited or False,
        client_limited=row.client_limited or False,
        server_overloaded=row.server_overloaded or False,
    )
    if row.round_trip_s is not None:
        session.round_trip.CopyFrom(duration(row.round_trip_s))
    if row.tcp_round_trip_s is not None:
        session.connection.round_trip.CopyFrom(duration(row.tcp_round_trip_s))
        session.connection.retransmits = row.tcp_retransmits or 0
        session.connection.delivery_rate_bps = row.tcp_delivery_rate_bps or 0.0
        session.connection.congestion_control = row.congestion_control or ""
        if row.tcp_receiver_limited is not None:
            session.connection.receiver_limited = row.tcp_receiver_limited
        if row.tcp_round_trip_samples is not None:
            percentiles = (row.tcp_round_trip_p50_s, row.tcp_round_trip_p95_s, row.tcp_round_trip_p99_s)
            p50, p95, p99 = (None if each is None else duration(each) for each in percentiles)
            session.connection.samples.CopyFrom(
                session_pb2.RoundTripSamples(count=row.tcp_round_trip_samples, p50=p50, p95=p95, p99=p99)
            )
    if row.tcp_min_round_trip_s is not None:
        session.connection.min_round_trip.CopyFrom(duration(row.tcp_min_round_trip_s))
    return pb.SessionRecord(
        session=session, run_id=row.run_id or "", server=row.server, address_block=row.address_block or ""
    )


def run(row: RunRow) -> pb.Run:
    return pb.Run(
        id=row.id,
        stored_at=timestamp(row.stored_at),
        ended_at=timestamp(row.ended_at),
        session_id=row.session_id,
        test_id=row.test_id,
        server=row.server,
        peer_address=row.address or "",
        address_block=row.address_block or "",
        user_agent=row.user_agent,
        client=row.client,
        client_version=row.client_version,
        source=pb.RUN_SOURCE_SERVER if row.client == SERVER else pb.RUN_SOURCE_CLIENT,
        valid=row.valid,
        cause=CAUSES.get(row.cause or "", pb.CAUSE_UNSPECIFIED),
        rate_cause=CAUSES.get(row.rate_cause or "", pb.CAUSE_UNSPECIFIED),
        witness=WITNESSES.get(row.witness or "", pb.WITNESS_UNSPECIFIED),
        grade=GRADES.get(row.grade or "", pb.GRADE_UNSPECIFIED),
        people=[
            pb.RunPerson(who=each.who, activity=each.activity, score=each.score, verdict=each.verdict)
            for each in row.people
        ],
        baseline=_milliseconds(row.baseline_ms),
        increase_p95=_milliseconds(row.increase_p95_ms),
        kernel_baseline=_milliseconds(row.kernel_baseline_ms),
        kernel_increase_p95=_milliseconds(row.kernel_increase_p95_ms),
        stretches=[_stretch(each) for each in row.stretches],
        hurting=STRETCHES.get(row.hurting or "", pb.STRETCH_UNSPECIFIED),
    )


def _stretch(row: StretchRow) -> pb.RunStretch:
    return pb.RunStretch(
        stretch=STRETCHES.get(row.stretch, pb.STRETCH_UNSPECIFIED),
        begin=duration(row.from_s),
        end=duration(row.until_s),
        valid=row.valid,
        grade=GRADES.get(row.grade or "", pb.GRADE_UNSPECIFIED),
        increase_p95=_milliseconds(row.increase_p95_ms),
        kernel_increase_p95=_milliseconds(row.kernel_increase_p95_ms),
        kernel_baseline=_milliseconds(row.kernel_baseline_ms),
        cause=CAUSES.get(row.cause, pb.CAUSE_UNSPECIFIED),
        rate_cause=CAUSES.get(row.rate_cause, pb.CAUSE_UNSPECIFIED),
        witness=WITNESSES.get(row.witness or "", pb.WITNESS_UNSPECIFIED),
    )


def _milliseconds(value: float | None) -> Duration | None:
    return None if value is None else duration(value / 1e3)


def group(value: GroupTotals) -> pb.HistoryGroup:
    increase = value.mean_increase_p95_ms
    return pb.HistoryGroup(
        key=value.key,
        sessions=value.sessions,
        session_time=duration(value.session_s),
        sent_bytes=value.sent_bytes,
        received_bytes=value.received_bytes,
        runs=value.runs,
        valid_runs=value.valid_runs,
        mean_increase_p95=None if increase is None else duration(increase / 1e3),
    )
