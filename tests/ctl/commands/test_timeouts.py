from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from household.v1 import config_service_pb2 as api
from householdd.settings.definitions import Timeouts
from tests.ctl.fake_daemon import LAUNCH

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


def test_get_shows_every_setting_with_what_is_allowed(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.values["inactivity"] = 45
    header, *rows = cli("timeouts", "get").rows
    assert header == ["NAME", "CURRENT", "LAUNCH", "DEFAULT", "ALLOWED", "UNIT", "DESCRIPTION"]
    assert [row[0] for row in rows] == [
        "inactivity",
        "inactivity_floor",
        "max_duration",
        "probe_timeout",
        "probe_timeout_ceiling",
        "probe_failures",
        "close",
        "drain",
    ]
    assert rows[0][:8] == ["inactivity", "45s", "30s", "30s", "1s", "to", "1h", "s"]
    assert rows[5][:8] == ["probe_failures", "3", "3", "3", "1", "to", "100", "count"]
    assert " ".join(rows[0][8:]) == Timeouts.ranges()["inactivity"].description


def test_get_json(cli: Cli) -> None:
    document = cli("timeouts", "get", "-o", "json").json
    assert document["current"]["timeouts"]["inactivity"] == "30s"
    assert document["settings"][5]["path"] == "timeouts.probe_failures"
    assert len(cli("timeouts", "get", "-o", "jsonl").json_lines) == 8


def test_set_changes_what_is_named(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli("timeouts", "set", "inactivity=45s", "max-duration=10m", "probe_failures=5", "close=1.5")
    assert outcome.code == 0
    assert outcome.rows[1:] == [
        ["inactivity", "30s", "45s"],
        ["max_duration", "5m", "10m"],
        ["probe_failures", "3", "5"],
        ["close", "2s", "1.5s"],
    ]
    assert daemon.values == {
        "inactivity": 45,
        "inactivity_floor": 10,
        "max_duration": 600,
        "probe_timeout": 1,
        "probe_timeout_ceiling": 5,
        "probe_failures": 5,
        "close": 1.5,
        "drain": LAUNCH["drain"],
    }
    (request,) = daemon.asked(api.UpdateRuntimeConfigRequest)
    assert list(request.update_mask.paths) == [  # type: ignore[attr-defined]
        "timeouts.inactivity",
        "timeouts.max_duration",
        "timeouts.probe_failures",
        "timeouts.close",
    ]


def test_set_json_is_the_configuration_after_the_change(cli: Cli) -> None:
    document = cli("timeouts", "set", "probe_timeout=250ms", "-o", "json").json
    assert document["config"]["timeouts"]["probe_timeout"] == "0.250s"


def test_a_dry_run_changes_nothing(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli("timeouts", "set", "inactivity=45s", "--dry-run")
    assert outcome.rows[1:] == [["inactivity", "30s", "45s"]]
    assert outcome.err == "dry run: nothing was changed\n"
    assert daemon.values["inactivity"] == 30


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        (
            "inactvity=45s",
            (
                "'inactvity' is not a timeout\n  allowed: inactivity, inactivity_floor, max_duration, probe_timeout, "
                "probe_timeout_ceiling, probe_failures, close, drain\n"
            ),
        ),
        ("inactivity", "'inactivity' is not an assignment\n  write NAME=VALUE"),
        ("inactivity=", "'inactivity=' is not an assignment\n  write NAME=VALUE"),
        (
            "inactivity=45x",
            "inactivity: '45x' is not a duration; write 500ms, 45s, 1m30s, 2h, 7d, or a number of seconds",
        ),
        ("inactivity=nan", "inactivity: 'nan' is not a duration"),
        ("inactivity=9999999999999", "inactivity: '9999999999999' is too long for a duration"),
        ("probe_failures=3s", "probe_failures: '3s' is not a count\n  write a whole number: 3"),
        ("probe_failures=2.5", "probe_failures: '2.5' is not a count"),
    ],
)
def test_set_refuses_what_it_cannot_read(cli: Cli, daemon: FakeDaemon, assignment: str, complaint: str) -> None:
    outcome = cli("timeouts", "set", "drain=30s", assignment)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith(f"Error: {complaint}")
    assert daemon.requests == []


def test_set_refuses_a_name_given_twice(cli: Cli) -> None:
    assert cli("timeouts", "set", "drain=1s", "timeouts.drain=2s").err == "Error: timeouts.drain: given twice\n"


def test_what_the_daemon_refuses_is_told_by_field_and_range(cli: Cli, daemon: FakeDaemon) -> None:
    violation = BadRequest.FieldViolation(field="timeouts.inactivity", description="must be 1 s to 3600 s, not 7200 s")
    daemon.fail(
        "UpdateRuntimeConfig",
        grpc.StatusCode.INVALID_ARGUMENT,
        "1 setting is refused",
        BadRequest(field_violations=[violation]),
        ErrorInfo(reason="OUT_OF_RANGE", domain="householdd", metadata={"maximum": "3600", "minimum": "1"}),
    )
    outcome = cli("timeouts", "set", "inactivity=2h")
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.splitlines() == [
        "Error: 1 setting is refused",
        "  timeouts.inactivity: must be 1 s to 3600 s, not 7200 s",
        "  OUT_OF_RANGE (maximum: 3600, minimum: 1)",
    ]


def test_reset_of_some(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.values |= {"inactivity": 45, "drain": 5}
    assert cli("timeouts", "reset", "inactivity").rows[1:] == [["inactivity", "45s", "30s"]]
    assert daemon.values["drain"] == 5


def test_reset_of_all(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.values |= {"inactivity": 45, "drain": 5}
    assert (
        cli("timeouts", "reset", "--yes", "-o", "json").json["config"]["timeouts"]["drain"] == f"{LAUNCH['drain']:g}s"
    )
    assert daemon.values["inactivity"] == 30


def test_reset_of_an_unknown_name(cli: Cli, daemon: FakeDaemon) -> None:
    assert cli("timeouts", "reset", "patience").code == 2
    assert daemon.requests == []
