from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from household.v1 import config_service_pb2 as api
from household.v1.session_service_pb2 import UnreachableWorker

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon

MORE = [
    api.Setting(
        path="limits.max_sessions",
        description="most live sessions",
        minimum=1,
        maximum=100_000,
        default_value=100_000,
        current_value=500,
        launch_value=100_000,
        source=api.SETTING_SOURCE_RUNTIME,
        launch_source=api.SETTING_SOURCE_DEFAULT,
    ),
    api.Setting(
        path="profiles.jake.download_mbps",
        description="rate at which Jake downloads",
        unit="Mbit/s",
        minimum=0.01,
        maximum=10_000,
        default_value=25,
        current_value=2.5,
        launch_value=25,
        source=api.SETTING_SOURCE_FILE,
        launch_source=api.SETTING_SOURCE_FILE,
    ),
    api.Setting(
        path="log_level",
        description="least level",
        maximum=3,
        default_value=1,
        current_value=0,
        launch_value=1,
        source=api.SETTING_SOURCE_ENVIRONMENT,
        choices=["debug", "info", "warning", "error"],
    ),
]


@pytest.fixture(autouse=True)
def _more_settings(daemon: FakeDaemon) -> None:
    daemon.more_settings = MORE


def test_show_tells_of_every_setting_its_values_and_where_they_come_from(cli: Cli) -> None:
    outcome = cli("config", "show")
    assert outcome.code == 0
    rows = {row[0]: row[1:] for row in outcome.rows}
    assert rows["KEY"][:5] == ["CURRENT", "LAUNCH", "SOURCE", "DEFAULT", "ALLOWED"]
    assert rows["timeouts.inactivity"][:3] == ["30s", "30s", "unspecified"]
    assert rows["limits.max_sessions"][:7] == ["500", "100000", "runtime", "100000", "1", "to", "100000"]
    assert rows["profiles.jake.download_mbps"][:8] == ["2.5", "25", "file", "25", "0.01", "to", "10000", "Mbit/s"]
    assert rows["log_level"][:8] == ["debug", "info", "environment", "info", "debug,", "info,", "warning,", "error"]
    assert cli("config", "show", "-o", "json").json["etag"] == "0123456789abcdef"


def test_timeouts_get_shows_timeouts_only(cli: Cli) -> None:
    assert "limits" not in cli("timeouts", "get").out


def test_set_sends_what_is_named_and_shows_before_and_after(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli(
        "config",
        "set",
        "limits.max_sessions=700",
        "profiles.jake.download_mbps=10.5",
        "log_level=Error",
        "timeouts.inactivity=45s",
        "--etag",
        "0123456789abcdef",
    )
    assert outcome.code == 0, outcome.err
    assert outcome.rows[1:] == [
        ["timeouts.inactivity", "30s", "45s"],
        ["limits.max_sessions", "500", "700"],
        ["profiles.jake.download_mbps", "2.5", "10.5"],
        ["log_level", "debug", "error"],
    ]
    (request,) = daemon.asked(api.UpdateRuntimeConfigRequest)
    assert isinstance(request, api.UpdateRuntimeConfigRequest)
    assert request.etag == "0123456789abcdef"
    assert request.config.limits.max_sessions == 700
    assert not request.config.limits.HasField("handshakes_per_second")
    assert list(request.update_mask.paths) == [
        "limits.max_sessions",
        "profiles.jake.download_mbps",
        "log_level",
        "timeouts.inactivity",
    ]


def test_a_dry_run_changes_nothing_and_says_so(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli("config", "set", "limits.max_sessions=700", "--dry-run")
    assert outcome.rows[1] == ["limits.max_sessions", "500", "700"]
    assert outcome.err == "dry run: nothing was changed\n"
    assert not daemon.overlay.limits.HasField("max_sessions")
    assert cli("config", "reset", "--dry-run").err.endswith("dry run: nothing was changed\n")


def test_an_old_etag_is_a_conflict(cli: Cli) -> None:
    for command in (("set", "limits.max_sessions=700"), ("reset", "--yes")):
        outcome = cli("config", *command, "--etag", "old")
        assert (outcome.code, outcome.err) == (6, "Error: etag: is no longer true\n")


def test_a_worker_that_was_not_told_is_named(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.unreachable = [UnreachableWorker(worker="1", reason="stopped")]
    outcome = cli("config", "set", "limits.max_sessions=700")
    assert (outcome.code, outcome.err) == (0, "warning: worker 1 did not answer and gets the change later: stopped\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["limits.max_sessions"],
            "'limits.max_sessions' is not an assignment\n  write KEY=VALUE: limits.max_sessions=500",
        ),
        (["log_level=debug", "log_level=info"], "log_level: given twice"),
        (["log_level=loud"], "log_level: 'loud' is not a log level; allowed: debug, info, warning, error"),
        (["limits.max_sessions=1.5"], "limits.max_sessions: '1.5' is not a count; write a whole number: 3"),
        (["profiles.jake.upload_mbps=fast"], "profiles.jake.upload_mbps: 'fast' is not a number"),
        (
            ["timeouts.close=soon"],
            "timeouts.close: 'soon' is not a duration; write 500ms, 45s, 1m30s, 2h, 7d, or a number of seconds",
        ),
    ],
)
def test_what_cannot_be_read_is_not_sent(cli: Cli, daemon: FakeDaemon, words: list[str], message: str) -> None:
    outcome = cli("config", "set", *words)
    assert (outcome.code, outcome.err) == (2, f"Error: {message}\n")
    assert daemon.requests == []


def test_reset_names_settings_or_groups(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli("config", "reset", "limits", "log_level")
    assert outcome.code == 0
    assert [row[0] for row in outcome.rows[1:]] == ["limits.max_sessions", "log_level"]
    (request,) = daemon.asked(api.ResetRuntimeConfigRequest)
    assert isinstance(request, api.ResetRuntimeConfigRequest)
    assert list(request.update_mask.paths) == ["limits", "log_level"]


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (("limits.max_sessions",), ["limits.max_sessions"]),
        (("limits", "log_level"), ["limits.max_sessions", "log_level"]),
        (("profiles.jake",), ["profiles.jake.download_mbps"]),
    ],
)
def test_show_takes_keys_and_groups(cli: Cli, keys: tuple[str, ...], shown: list[str]) -> None:
    assert [row[0] for row in cli("config", "show", *keys).rows[1:]] == shown
    document = cli("config", "show", *keys, "-o", "json").json
    assert [setting["path"] for setting in document["settings"]] == shown
    assert document["etag"] == "0123456789abcdef"
    assert [line["path"] for line in cli("config", "show", *keys, "-o", "jsonl").json_lines] == shown


def test_get_prints_the_value_as_set_reads_it(cli: Cli) -> None:
    assert cli("config", "get", "timeouts.inactivity").out == "30s\n"
    assert cli("config", "get", "limits", "log_level").out == "500\ndebug\n"
    (line,) = cli("config", "get", "limits", "-o", "jsonl").json_lines
    assert line["current_value"] == 500


@pytest.mark.parametrize("command", [("config", "show"), ("config", "get")])
@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("limits.max_session", "did you mean limits.max_sessions"),
        ("max_sessions", "did you mean limits.max_sessions?"),
        ("inactivity", "did you mean timeouts.inactivity"),
        ("limit.", "to list all: householdctl config show"),
    ],
)
def test_an_unknown_key_gets_a_proposal(cli: Cli, command: tuple[str, ...], key: str, hint: str) -> None:
    outcome = cli(*command, key)
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.startswith(f"Error: no setting {key!r}\n  {hint}")


@pytest.mark.parametrize("group", ["config", "timeouts"])
def test_a_reset_of_everything_wants_consent(cli: Cli, daemon: FakeDaemon, group: str) -> None:
    outcome = cli(group, "reset")
    assert outcome.code == 2
    assert outcome.err.endswith("so confirmation is impossible\n  confirm with --yes\n")
    assert daemon.asked(api.ResetRuntimeConfigRequest) == []
    assert cli(group, "reset", "--yes").code == 0


def test_what_did_not_change_is_not_listed(cli: Cli) -> None:
    outcome = cli("config", "set", "limits.max_sessions=500", "log_level=info")
    assert outcome.rows[1:] == [["log_level", "debug", "info"]]
    outcome = cli("config", "set", "limits.max_sessions=500")
    assert outcome.rows[1:] == []
    assert outcome.err == "nothing to change: the settings have these values\n"
