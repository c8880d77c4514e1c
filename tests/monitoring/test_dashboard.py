"""The alert rules and the dashboard, in a real Prometheus that scrapes a real daemon."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import Daemon, running, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.monitoring.names import unknown_in
from tests.monitoring.test_rules import RULES
from tests.scraping import LISTEN, url
from tests.websocket_clients import OldPage, client

DASHBOARD = RULES.parent / "householdd.dashboard.json"


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> list[tuple[str, str]]:
    """Each query with its legend."""
    return [(target["expr"], target["legendFormat"]) for panel in panels() for target in panel["targets"]]


def test_the_dashboard_knows_the_daemons_metrics_only() -> None:
    assert {expression: unknown_in(expression) for expression, _ in expressions() if unknown_in(expression)} == {}


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


class Prometheus:
    """A running server and its HTTP API."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def get(self, path: str, **query: str) -> Any:
        """The data of an answer."""
        address = f"{self.base}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.base}/-/ready", timeout=10) as answer:
                return int(answer.status) == 200
        except OSError:
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query's vector."""
        found: list[dict[str, Any]] = self.get("/api/v1/query", query=expression)["result"]
        return found


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    # A webhook has figures before its first run.
    secret, config = tmp_path / "secret", tmp_path / "householdd.toml"
    secret.write_text("0123456789abcdef" * 2)
    config.write_text(f'[history.webhook]\nurl = "http://127.0.0.1:9/"\nsecret_file = "{secret}"\n')
    with running(tmp_path, "--config", str(config), "--workers", "2", *LISTEN) as daemon:
        yield daemon


@pytest.fixture
def prometheus(daemon: Daemon, tmp_path: Path) -> Iterator[Prometheus]:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed (Debian: apt-get install prometheus)")
    target = urllib.parse.urlsplit(url(daemon)).netloc
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 500ms, evaluation_interval: 1s}\n"
        f"scrape_configs: [{{job_name: householdd, static_configs: [{{targets: ['{target}']}}]}}]\n"
        f"rule_files: ['{RULES}']\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = (tmp_path / "prometheus.log").open("wb")
    with (
        log,
        subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            server = Prometheus(port)
            wait_until(server.ready, "Prometheus")
            yield server
        finally:
            process.kill()


async def test_every_query_of_the_dashboard_finds_what_the_daemon_tells(daemon: Daemon, prometheus: Prometheus) -> None:
    async with open_sessions(daemon, 6), client(daemon, "computer?throughput=5", OldPage):
        assert (await asyncio.to_thread(daemon.ctl, "health")).returncode == 0
        scrapes = 'sum(count_over_time(householdd_sessions_opened_total{profile="computer"}[1m]))'

        def enough() -> bool:
            found = prometheus.query(scrapes)
            return bool(found) and float(found[0]["value"][1]) >= 5

        await asyncio.to_thread(wait_until, enough, "five scrapes")
        empty, legends = [], []
        for expression, legend in expressions():
            concrete = (
                expression.replace("$__rate_interval", "30s").replace("$job", "householdd").replace("$instance", ".+")
            )
            found = prometheus.query(concrete)
            if not found:
                empty.append(expression)
            labels = {label for series in found for label in series["metric"]}
            legends += [(expression, label) for label in re.findall(r"\{\{(\w+)\}\}", legend) if label not in labels]
        assert empty == []
        assert legends == []
        rules = prometheus.get("/api/v1/rules")["groups"][0]["rules"]
        assert {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] == "err"} == {}
        # A healthy daemon raises no alarm; a busy machine may make it a little late.
        firing = {alert["labels"]["alertname"] for alert in prometheus.get("/api/v1/alerts")["alerts"]}
        assert firing <= {"HouseholddControlLoopSlow", "HouseholddTicksLate", "HouseholddPacingError"}
