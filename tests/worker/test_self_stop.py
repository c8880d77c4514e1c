"""A worker that stops without the supervisor's help, with a clock and a file that the test sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from householdd.admission.admission import Cause
from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.clients.client_key import ClientKey
from householdd.config.emergency_file import EmergencyFile
from householdd.session.close_reason import CloseReason
from householdd.shared.heartbeats import of_supervisor, size
from householdd.worker.self_stop import END_AFTER_S, FAREWELL_S, REFUSAL_AFTER_S, EmergencyStop, SelfStop
from tests.worker.bench import Bench

CLIENT = ClientKey("192.0.2.7", "alex", "1")


class Worker:
    """The sessions of a bench, with a self stop that each pass looks at."""

    def __init__(self, bench: Bench, directory: Path) -> None:
        self.bench = bench
        self.file = directory / "emergency-stop"
        self.supervisor = of_supervisor(memoryview(bytearray(size(1))))
        self.stop = EmergencyStop(bench.manager, lambda: None)
        self.self_stop = SelfStop(bench.manager, self.stop, EmergencyFile(self.file), self.supervisor)
        self.driver = bench.opened(1)

    def reason(self) -> CloseReason | None:
        return self.driver.session.close_reason

    def denial(self) -> Cause | None:
        denial = self.bench.manager.admission.denies(CLIENT, self.bench.now)
        return None if denial is None else denial.cause

    def passes(self, seconds: float, *, supervised: bool) -> None:
        until = self.bench.now + seconds
        while self.bench.now < until:
            self.bench.step(PASS_INTERVAL_S)
            self.bench.timers.fire()
            if supervised:
                self.supervisor.beat()
            self.self_stop.look()


@pytest.fixture
async def worker(bench: Bench, tmp_path: Path) -> Worker:
    return Worker(bench, tmp_path)


async def test_nothing_happens_while_the_supervisor_runs_and_no_file_is_there(worker: Worker) -> None:
    worker.passes(3 * END_AFTER_S, supervised=True)
    assert (worker.denial(), worker.reason()) == (None, None)


async def test_new_sessions_are_refused_while_the_supervisor_stands_still(worker: Worker) -> None:
    worker.passes(REFUSAL_AFTER_S - 1, supervised=False)
    assert worker.denial() is None
    worker.passes(1, supervised=False)
    assert (worker.denial(), worker.reason()) == (Cause.UNSUPERVISED, None)
    worker.passes(1, supervised=True)
    assert worker.denial() is None


async def test_all_sessions_are_closed_when_it_stands_still_for_long(worker: Worker) -> None:
    worker.passes(END_AFTER_S - 1, supervised=False)
    assert worker.reason() is None
    worker.passes(1, supervised=False)
    assert worker.reason() is CloseReason.UNSUPERVISED
    worker.passes(1, supervised=True)
    assert worker.denial() is None


async def test_a_pause_of_the_whole_machine_is_no_standstill_of_the_supervisor(worker: Worker) -> None:
    worker.bench.step(3600)
    worker.self_stop.look()
    assert (worker.denial(), worker.reason()) == (None, None)


@pytest.mark.parametrize("supervised", [True, False])
async def test_the_file_stops_the_worker_at_its_next_pass_and_for_good(worker: Worker, supervised: bool) -> None:
    worker.file.write_text("flood")
    worker.passes(PASS_INTERVAL_S, supervised=supervised)
    assert (worker.reason(), worker.driver.session.close_detail) == (CloseReason.EMERGENCY, "flood")
    worker.file.unlink()
    worker.passes(1, supervised=supervised)
    assert worker.denial() is Cause.EMERGENCY
    assert worker.stop.reason == "flood"


async def test_the_signal_stops_the_worker_at_once_and_a_second_order_changes_nothing(worker: Worker) -> None:
    worker.self_stop.signalled()
    assert (worker.reason(), worker.driver.session.close_detail) == (CloseReason.EMERGENCY, "by signal")
    # The supervisor is told how many sessions that closed.
    assert worker.stop.order("line card on fire") == 1
    assert worker.stop.reason == "by signal"


async def test_a_session_whose_handshake_was_under_way_is_reset_too(worker: Worker) -> None:
    worker.self_stop.signalled()
    worker.passes(2 * FAREWELL_S, supervised=True)
    late = worker.bench.opened(2)
    worker.passes(PASS_INTERVAL_S, supervised=True)
    assert late.session.close_reason is CloseReason.EMERGENCY
