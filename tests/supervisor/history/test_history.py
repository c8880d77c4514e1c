from __future__ import annotations

import json
import time
from pathlib import Path

from household.v1 import session_pb2
from householdd.api.convert import duration, timestamp
from householdd.config.history import HistorySettings
from householdd.measure import run_report
from householdd.storage import reading
from householdd.storage.engine import file_url
from householdd.storage.retention import Retention
from householdd.storage.store import Store
from householdd.supervisor.history.history import History
from tests import run_reports


async def test_a_session_that_is_told_of_late_belongs_to_the_run_reported_meanwhile(tmp_path: Path) -> None:
    store = Store(file_url(tmp_path / "history.db"), Retention(days=1, most=1000))
    history = History(HistorySettings(), store)
    history.start()
    now = time.time()
    session = session_pb2.Session(
        id="00000000-0000-4000-8000-000000000001",
        test_id="run",
        profile="alex",
        peer_address="192.0.2.7:1234",
        state=session_pb2.SESSION_STATE_CLOSED,
        close_reason=session_pb2.CLOSE_REASON_CLIENT_STOPPED,
        opened_at=timestamp(now - 2),
        closed_at=timestamp(now - 1.9),
        age=duration(0),
    )
    run_id = await history.take_run(session, run_report.decode(json.dumps(run_reports.run_report()).encode()))
    history.ended(session)
    await history.stop()
    assert isinstance(run_id, str)
    with store.engine.connect() as connection:
        assert [each.id for each in reading.sessions_of(connection, run_id)] == [session.id]
    store.engine.dispose()
