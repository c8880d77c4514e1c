"""Which households leave a run that no client reports, and what is in it."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable

import pytest

from household.internal.v1.recorder_service_pb2 import Delays
from household.v1 import session_pb2 as pb
from household_scoring.attribution import Attribution
from household_scoring.validity import Invalid
from householdd.api.convert import duration, timestamp
from householdd.measure.kernel_witness import KernelSamples
from householdd.measure.run_report import ClientRunReport, decode, encode
from householdd.supervisor.history import server_runs
from householdd.supervisor.history.ended_session import EndedSession
from householdd.supervisor.history.judged_run import JudgedRun
from householdd.supervisor.history.server_runs import ServerRuns

ACTIVITIES = {"alex": "gaming", "sarah": "video_call", "jake": "Streaming TV!"}
HOUSEHOLD = ("1754800000", "192.0.2.7")
BEGIN = 1_754_800_000.0


class Kept:
    def __init__(self, settle_s: float = 0.0) -> None:
        self.runs: list[ClientRunReport] = []
        self.found: list[Attribution] = []
        self.server_runs = ServerRuns(ACTIVITIES, self._keep, settle_s)

    def _keep(self, _: pb.Session, judged: JudgedRun) -> None:
        self.runs.append(judged.report)
        self.found.append(judged.worst.attribution)

    def play(self, *profiles: str, seconds: float = 30.0, change: Callable[[pb.Session], object] = bool) -> None:
        """Open a session of each profile, then end them all."""
        sessions = [session(profile, seconds) for profile in profiles]
        for each in sessions:
            self.server_runs.opened(HOUSEHOLD, each)
        for each in sessions:
            each.state = pb.SESSION_STATE_CLOSED
            change(each)
            delays = Delays(count=60, p50_ms=20, p95_ms=80, p99_ms=700_000, jitter_ms=3)
            self.server_runs.ended(HOUSEHOLD, EndedSession.of(each, delays, samples(600)))


def session(profile: str, seconds: float) -> pb.Session:
    return pb.Session(
        id=f"{profile}-{seconds}",
        profile=profile,
        test_id=HOUSEHOLD[0],
        sent_bytes=int(1.5e6 / 8 * seconds),
        target_download_bps=1.5e6,
        close_reason=pb.CLOSE_REASON_CLIENT_CLOSED,
        opened_at=timestamp(BEGIN),
        closed_at=timestamp(BEGIN + seconds),
        age=duration(seconds),
    )


def samples(count: int) -> KernelSamples:
    return KernelSamples(array("f", range(count)), array("f", [20] * count))


def sample_counts(kept: Kept) -> list[int]:
    """Of the ended sessions of the household, once its client has reported."""
    return [each.sample_count for each in kept.server_runs.reported(HOUSEHOLD)]


async def settled() -> None:
    await asyncio.sleep(0.01)


async def test_a_household_leaves_one_run_with_what_the_server_saw() -> None:
    kept = Kept()
    kept.play("alex", "sarah", "jake")
    await settled()
    (report,) = kept.runs
    # As it is stored it can be read back.
    assert decode(encode(report)) == report
    alex, _, jake = report.people
    assert (alex.who, alex.activity, alex.verdict) == ("alex", "gaming", "verdict.gaming.unknown")
    assert (alex.download.wanted_bps, alex.download.got_bps) == (1.5e6, 1.5e6)
    assert (alex.latency.count, alex.latency.p50_ms, alex.latency.p99_ms) == (60, 20, 600_000)
    assert jake.activity == "unknown"
    assert (report.client.kind, report.grade, report.invalid) == ("server", None, (Invalid.TOO_FEW_SAMPLES,))


@pytest.mark.parametrize(
    ("profiles", "seconds"), [(("alex",), 30.0), (("alex", "sarah"), 2.0), (("probe", "alex", "sarah"), 30.0)]
)
async def test_what_is_no_household_or_reports_itself_leaves_none(profiles: tuple[str, ...], seconds: float) -> None:
    kept = Kept()
    kept.play(*profiles, seconds=seconds)
    await settled()
    assert kept.runs == []


async def test_a_household_that_was_reported_leaves_no_second_run() -> None:
    kept = Kept()
    kept.server_runs.opened(HOUSEHOLD, session("alex", 31))
    kept.server_runs.reported(HOUSEHOLD)
    kept.play("alex", "sarah")
    kept.server_runs.ended(HOUSEHOLD, EndedSession.of(session("alex", 31), None, None))
    await settled()
    assert kept.runs == []


async def test_one_that_comes_back_in_time_goes_on_with_its_run() -> None:
    kept = Kept(settle_s=30.0)
    kept.play("alex", "sarah")
    kept.play("alex", "sarah", seconds=31.0)
    assert kept.runs == []
    kept.server_runs.close()
    (report,) = kept.runs
    assert len(report.people) == 2


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("close_reason", pb.CLOSE_REASON_CONNECTION_LOST, Invalid.CONNECTION_LOST),
        ("close_reason", pb.CLOSE_REASON_WORKER_LOST, Invalid.CONNECTION_LOST),
        ("close_reason", pb.CLOSE_REASON_OVERLOADED, Invalid.SERVER_OVERLOADED),
        ("server_limited", True, Invalid.SERVER_LIMITED),
    ],
)
async def test_a_run_says_what_else_was_wrong(field: str, value: int, reason: Invalid) -> None:
    kept = Kept()
    kept.play("alex", "sarah", change=lambda each: setattr(each, field, value))
    await settled()
    assert reason in kept.runs[0].invalid


async def test_samples_of_the_kernel_are_kept_until_the_run_is_reported() -> None:
    kept = Kept(settle_s=30.0)
    kept.play("probe", "alex")
    assert sample_counts(kept) == [600, 600]
    assert sample_counts(kept) == [0, 0]


async def test_no_samples_are_kept_of_a_household_that_reports_nothing() -> None:
    kept = Kept(settle_s=30.0)
    kept.play("alex", "sarah")
    assert sample_counts(kept) == [0, 0]


async def test_the_earliest_samples_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_runs, "MAX_SAMPLES", 1000)
    kept = Kept(settle_s=30.0)
    kept.play("probe", "alex", "sarah")
    assert sample_counts(kept) == [0, 0, 600]


async def test_a_run_begins_with_its_first_measuring_connection() -> None:
    kept = Kept(settle_s=30.0)
    assert kept.server_runs.probed_at(HOUSEHOLD) == math.inf
    for opened_at in (BEGIN + 1, BEGIN, BEGIN + 2):
        probe = pb.Session(id=f"{opened_at}", profile="probe", opened_at=timestamp(opened_at))
        kept.server_runs.opened(HOUSEHOLD, probe)
    assert kept.server_runs.probed_at(HOUSEHOLD) == BEGIN
