"""Any value printed by a table can be typed into a filter, and finds its row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from household.v1 import history_service_pb2 as history_api
from household.v1.session_pb2 import Session
from household_filters.fields import HISTORY_FIELDS, LIVE_FIELDS, RUN_FIELDS
from household_filters.values import Kind, NumberRange, parse
from householdctl.output.tables import Column
from householdctl.values.filters import quoted
from householdctl.values.units import format_age, format_bytes, format_rate, format_round_trip
from householdctl.views import history as history_views
from householdctl.views import sessions as session_views
from householdd.api import filters
from householdd.api.fields import FIELDS
from householdd.api.paging import KeysetRequest
from householdd.storage import engine, migrations, reading, writing
from householdd.storage.conditions import RUN_COLUMNS, SESSION_COLUMNS
from householdd.storage.rows import PersonRow
from householdd.supervisor.history import messages
from householdd.supervisor.services import history_service
from tests.ctl.fake_daemon import closed_session, session
from tests.storage import samples

BARE = session(2)
for field in ("test_id", "user_agent", "round_trip", "connection", "verdict", "evidence_kind", "evidence_age"):
    BARE.ClearField(field)
ODD = session(
    3,
    user_id='o"brien, \\a',
    peer_address="192.0.2.7:51234",
    sent_bytes=3_149_999,
    received_bytes=0,
    actual_download_bps=999.4,
    actual_upload_bps=0.0,
)
ODD.age.FromMicroseconds(3_599_600_123)
ODD.round_trip.FromMicroseconds(162_700)
ODD.opened_at.FromMicroseconds(1_795_884_847_310_987)
LIVE = [session(1), BARE, ODD]

SESSIONS = [
    samples.session(1),
    samples.session(2, reason="probes_failed", detail="", run_id=samples.RUN.id, sent_bytes=10_049_999),
    samples.session(3, address=None, address_block=None, tcp_retransmits=None, tcp_round_trip_s=None, test_id=""),
    samples.session(4, address="2001:db8:1::/48", closed_at=samples.NOW + 0.310987),
]
RUNS = [
    samples.run(1, people=(PersonRow("alex", "gaming", 95.0, "verdict.gaming.excellent"),)),
    samples.run(2, valid=False, grade="A+", increase_p95_ms=162.6),
    samples.run(
        3, grade=None, baseline_ms=None, increase_p95_ms=None, client="householdctl", test_id="", **samples.OLDER
    ),
    samples.run(4, grade="A+", address=None),
    samples.run(5, cause="device", rate_cause="line", witness="kernel", kernel_increase_p95_ms=2.9),
]


def comparisons(columns: tuple[Column[Any], ...], row: Any) -> list[str]:
    """Return a filter for each column, with the values printed for a row, in normal and wide tables."""
    made = []
    for column, cell in ((column, column.cells([row], wide=wide)[0]) for column in columns for wide in (False, True)):
        kind, _, rest = cell.partition(" ")
        printed = cell
        if column.header == "EVIDENCE" and rest:
            printed = rest
            made.append(f"evidence_kind = {kind}")
        made.append(f"{column.field} = {quoted(printed)}")
        if not set(printed) & set(' \\"=<>!()'):
            made.append(f"{column.field} = {printed}")
    return made


@pytest.mark.parametrize("columns", [session_views.COLUMNS, session_views.TOP_COLUMNS])
@pytest.mark.parametrize("row", LIVE, ids=["whole", "bare", "odd"])
def test_what_the_list_of_sessions_prints_finds_the_session(columns: tuple[Column[Session], ...], row: Session) -> None:
    for query in comparisons(columns, row):
        assert filters.parse(query)(row), query
        assert not filters.parse(query.replace(" = ", " != ", 1))(row), query


@pytest.mark.parametrize(
    "columns",
    [
        *(session_views.COLUMNS, session_views.TOP_COLUMNS),
        *(history_views.SESSION_COLUMNS, history_views.RUN_COLUMNS),
    ],
)
def test_every_column_names_its_field(columns: tuple[Column[Any], ...]) -> None:
    known = {*LIVE_FIELDS, *HISTORY_FIELDS, *RUN_FIELDS}
    assert [column.header for column in columns if column.field not in known] == []


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Connection]:
    made = engine.open_engine(engine.file_url(tmp_path / "history.db"))
    with made.connect() as connection:
        migrations.migrate(connection)
        writing.write(connection, [*SESSIONS, *RUNS])
        yield connection
    made.dispose()


def _asked(request: Any, fields: Any, columns: Any) -> tuple[KeysetRequest, Any]:
    return history_service._page("test", request, fields, columns)


def test_what_the_history_prints_finds_the_session(history: Connection) -> None:
    for row in SESSIONS:
        for query in comparisons(history_views.SESSION_COLUMNS, messages.session_record(row)):
            request = history_api.ListHistoryRequest(filter=query)
            _, wanted = _asked(request, HISTORY_FIELDS, SESSION_COLUMNS)
            assert row.id in {each.id for each in reading.session_page(history, wanted, None, 10)}, query


def test_what_the_history_prints_finds_the_run(history: Connection) -> None:
    for row in RUNS:
        for query in comparisons(history_views.RUN_COLUMNS, messages.run(row)):
            request = history_api.ListRunsRequest(filter=query)
            _, wanted = _asked(request, RUN_FIELDS, RUN_COLUMNS)
            assert row.id in {each.id for each in reading.run_page(history, wanted, None, 10)}, query


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("grade = A+", "4"),
        ("grade = a_plus", "4"),
        ("grade = invalid", "2"),
        ("grade != invalid", "1345"),
        ("grade = -", "3"),
        ("NOT grade = A+", "1235"),
        ("increase_p95 = 163ms", "2"),
        ("increase_p95 > 0.16", "2"),
        ("address = 192.0.2.7", "1235"),
        ("address = -", "4"),
        ("address != 192.0.2.0/24", "4"),
        ("cause = DEVICE", "5"),
        ("cause = -", "3"),
        ("rate_cause != LINE", "1234"),
        ("witness = kernel AND kernel_increase_p95 < 5ms", "5"),
        ("kernel_increase_p95 = -", "3"),
        ("hurting = UPLOAD", "1245"),
        ("hurting = -", "3"),
    ],
)
def test_grades_and_addresses_of_runs(history: Connection, query: str, found: str) -> None:
    _, wanted = _asked(history_api.ListRunsRequest(filter=query), RUN_FIELDS, RUN_COLUMNS)
    assert "".join(sorted(each.id[-1] for each in reading.run_page(history, wanted, None, 10))) == found


FORMATS = [
    (Kind.DURATION, format_age, st.floats(0, 1e7)),
    (Kind.DURATION, format_round_trip, st.floats(0, 100)),
    (Kind.BYTES, format_bytes, st.integers(0, 2**53)),
    (Kind.RATE, format_rate, st.floats(0, 1e13)),
]


@pytest.mark.parametrize(("kind", "written", "numbers"), FORMATS)
def test_every_number_is_found_as_it_is_printed(kind: Kind, written: Any, numbers: Any) -> None:
    @given(numbers)
    def check(number: float) -> None:
        values = parse(kind, written(number), exact=False, now=0.0)
        assert isinstance(values, NumberRange)
        # A value between two printed ones may be printed as either.
        nearest = min(max(number, values.low), values.high)
        assert nearest == pytest.approx(number, rel=1e-9)

    check()


def test_a_closed_session_is_found_by_what_is_not_known_of_it() -> None:
    closed = closed_session(9)
    for query in ("verdict = -", "retransmits = -", "unsent_bytes = -", "NOT verdict = FROZEN"):
        assert filters.parse(query)(closed), query
    assert set(FIELDS) == set(LIVE_FIELDS)
