"""The alert rules, by Prometheus' own tool."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.monitoring.names import unknown_in

RULES = Path(__file__).parents[2] / "docs" / "monitoring" / "householdd.rules.yml"
CASES = Path(__file__).parent / "householdd.rules.test.yml"


def promtool(*arguments: str) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_well_formed() -> None:
    promtool("check", "rules", str(RULES))


def test_alerts_fire_where_they_should_and_only_there() -> None:
    promtool("test", "rules", str(CASES))


def test_every_alert_has_a_case() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    assert alerts == set(re.findall(r'alertname="(\w+)",alertstate="firing",\w', CASES.read_text()))
    assert alerts


@pytest.mark.parametrize("path", [RULES, CASES], ids=["rules", "cases"])
def test_they_know_the_daemons_metrics_only(path: Path) -> None:
    assert unknown_in(path.read_text()) == []
