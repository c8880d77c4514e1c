"""Conditions and groups with both kinds of database."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, not_
from sqlalchemy.engine import URL

from household_filters.values import NumberRange, Prefix, Value
from householdd.storage import migrations, reading, totals, writing
from householdd.storage.conditions import RUN_COLUMNS, SESSION_COLUMNS, condition
from householdd.storage.engine import open_engine
from householdd.storage.rows import PersonRow
from householdd.storage.totals import GroupTotals
from tests.storage.samples import NOW, OLDER, RUN, SESSION, run, session

DAY = 86400

SESSIONS = [
    session(1),
    session(
        2, profile="jake", user_id="Jake_42", reason="killed", detail="100% sure", closed_at=NOW + 5, run_id=RUN.id
    ),
    session(3, address=None, address_block=None, tcp_retransmits=None, closed_at=NOW + DAY, opened_at=NOW + DAY - 90),
]
RUNS = [
    run(1, people=(PersonRow("alex", "gaming", 95.0, "verdict.gaming.excellent"),)),
    run(2, valid=False, grade="A+", increase_p95_ms=1.0, stored_at=NOW + DAY, hurting=None),
    run(3, grade=None, baseline_ms=None, increase_p95_ms=None, client="householdctl", people=(), **OLDER),
    run(4, increase_p95_ms=900.0, kernel_increase_p95_ms=20.0, cause="device", witness="kernel", hurting="both"),
]

UNKNOWN = (("retransmits", "<", 10), ("address_block", ":", "192"), ("run_id", "=", RUN.id))
"""What the last session cannot be asked for."""


@pytest.fixture
def connection(database: URL) -> Iterator[Connection]:
    engine = open_engine(database)
    with engine.connect() as connection:
        migrations.migrate(connection)
        writing.write(connection, [*SESSIONS, *RUNS])
        yield connection
    engine.dispose()


def test_session_conditions(connection: Connection) -> None:
    def found(name: str, sign: str, value: Value) -> str:
        rows = reading.session_page(connection, [condition(SESSION_COLUMNS, name, sign, value)], None, 10)
        return "".join(sorted(row.id[-1] for row in rows))

    assert found("profile", "=", "jake") == "2"
    assert found("profile", "!=", "jake") == "13"
    assert found("user_id", "=", "jake_42") == "2"
    assert found("user_id", ":", "_4") == "123"
    assert found("profile", ":", "%") == ""
    assert found("reason", "=", "killed") == "2"
    assert found("run_id", "=", RUN.id) == "2"
    assert found("run_id", "=", "") == "13"
    assert found("run_id", "!=", RUN.id) == "13"
    assert found("address_block", ":", "192.0.2") == "12"
    assert found("peer_address", "=", "") == "3"
    assert found("duration", ">", 60) == "3"
    assert found("closed_at", "<=", NOW + 5) == "12"
    assert found("sent_bytes", ">=", 2**40) == "123"
    assert found("retransmits", "<", 10) == "12"
    assert found("retransmits", "=", None) == "3"
    assert found("retransmits", "!=", None) == "12"
    assert found("retransmits", "=", NumberRange(0, 2**40)) == "12"
    assert found("retransmits", "!=", NumberRange(0, 2**40)) == ""
    assert found("duration", "=", NumberRange(34.5, 35.5)) == "2"
    assert found("duration", "!=", NumberRange(34.5, 35.5)) == "13"
    assert found("run_id", "=", None) == "13"
    assert found("run_id", "!=", None) == "2"
    assert found("run_id", "=", Prefix(RUN.id[:6])) == "2"
    assert found("run_id", "!=", Prefix(RUN.id[:6])) == "13"
    assert found("id", "=", Prefix(SESSIONS[1].id)) == "2"
    # What is not known meets no condition, and so meets every opposite.
    unknown = [not_(condition(SESSION_COLUMNS, name, sign, value)) for name, sign, value in UNKNOWN]
    assert [row.id for row in reading.session_page(connection, unknown, None, 10)] == [SESSIONS[2].id]
    both = [condition(SESSION_COLUMNS, "profile", "=", "alex"), condition(SESSION_COLUMNS, "closed_at", ">", NOW)]
    assert [row.id for row in reading.session_page(connection, both, None, 10)] == [SESSIONS[2].id]


@pytest.mark.parametrize(
    ("kept", "wanted", "found"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.70", False),
        ("192.0.2.7", "192.0.2.0/24", True),
        ("192.0.2.7", "192.0.3.0/24", False),
        ("192.0.2.7", "192.0.0.0/22", True),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.0/24", "192.0.2.7", True),
        ("192.0.2.0/24", "192.0.3.7", False),
        ("192.0.2.0/24", "192.0.0.0/16", True),
        ("2001:db8::7", "2001:db8::7", True),
        ("2001:db8::7", "2001:db8::/32", True),
        ("2001:db8::7", "2001:db8::8", False),
        ("2001:db8:1::/48", "2001:db8:1:2::3", True),
        ("2001:db8:1::/48", "192.0.2.7", False),
        ("a-name", "192.0.2.7", False),
        ("", "0.0.0.0/0", False),
        (None, "0.0.0.0/0", False),
    ],
)
def test_an_address_finds_itself_and_the_networks_around_it(
    connection: Connection, kept: str | None, wanted: str, found: bool
) -> None:
    writing.write(connection, [session(9, address=kept)])
    network = ipaddress.ip_network(wanted)
    for sign, expected in (("=", found), ("!=", not found)):
        asked = [condition(SESSION_COLUMNS, "address", sign, network), SESSION_COLUMNS["id"] == session(9).id]
        assert bool(reading.session_page(connection, asked, None, 10)) is expected
        opposite = [not_(asked[0]), asked[1]]
        assert bool(reading.session_page(connection, opposite, None, 10)) is not expected


def test_run_conditions(connection: Connection) -> None:
    def found(name: str, sign: str, value: str | float) -> str:
        rows = reading.run_page(connection, [condition(RUN_COLUMNS, name, sign, value)], None, 10)
        return "".join(sorted(row.id[-1] for row in rows))

    assert found("valid", "=", "true") == "134"
    assert found("valid", "!=", "true") == "2"
    assert found("grade", "=", "A+") == "2"
    assert found("grade", "!=", "B") == "23"
    assert found("client", "=", "householdctl") == "3"
    assert found("increase_p95", ">=", 0.04) == "14"
    assert found("baseline", "<", 1) == "124"
    assert found("cause", "=", "device") == "4"
    assert found("kernel_increase_p95", "<", 0.04) == "4"
    assert found("hurting", "=", "upload") == "1"
    assert found("hurting", "!=", "upload") == "234"


def test_everything_is_one_group(connection: Connection) -> None:
    (group,) = totals.groups(connection, "all", None, None)
    assert group == GroupTotals(
        key="",
        sessions=3,
        session_s=30 + 35 + 90,
        sent_bytes=3 * SESSION.sent_bytes,
        received_bytes=3 * SESSION.received_bytes,
        runs=4,
        valid_runs=3,
        mean_increase_p95_ms=30.0,
    )


def test_groups(connection: Connection) -> None:
    def found(grouping: totals.Grouping) -> dict[str, tuple[int, int, int]]:
        groups = totals.groups(connection, grouping, None, None)
        assert [each.key for each in groups] == sorted(each.key for each in groups)
        return {each.key: (each.sessions, each.runs, each.valid_runs) for each in groups}

    assert found("day") == {"2026-11-18": (2, 3, 3), "2026-11-19": (1, 1, 0)}
    assert found("address_block") == {"": (1, 0, 0), "192.0.2.0/24": (2, 4, 3)}
    assert found("profile") == {"alex": (2, 0, 0), "jake": (1, 0, 0)}
    assert found("reason") == {"client_stopped": (2, 0, 0), "killed": (1, 0, 0)}
    assert found("grade") == {"": (0, 1, 1), "B": (0, 2, 2), "invalid": (0, 1, 0)}
    assert found("verdict") == {"verdict.gaming.excellent": (0, 2, 2), "verdict.video_call.unknown": (0, 1, 1)}
    assert found("cause") == {"": (0, 1, 1), "device": (0, 1, 1), "line": (0, 2, 1)}
    assert found("hurting") == {"": (0, 2, 1), "both": (0, 1, 1), "upload": (0, 1, 1)}


def test_the_mean_increase_is_that_of_the_witnesses(connection: Connection) -> None:
    """The pings of a slow device say nothing of the line."""
    means = {each.key: each.mean_increase_p95_ms for each in totals.groups(connection, "cause", None, None)}
    assert means == {"": None, "device": 20.0, "line": 40.0}


def test_groups_of_a_time(connection: Connection) -> None:
    (group,) = totals.groups(connection, "all", NOW, NOW + 5)
    assert (group.sessions, group.runs) == (1, 3)
    assert totals.groups(connection, "day", NOW + 5 * DAY, None) == []
