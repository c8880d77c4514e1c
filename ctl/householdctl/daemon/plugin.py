"""``health --check``: a plug-in for Nagios, Icinga and compatible systems.

https://www.monitoring-plugins.org/doc/guidelines.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from household.v1.server_service_pb2 import ServerState, WorkerState
from householdctl.daemon.health import get_health
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.failures import describe_failure
from householdctl.output.printer import print_line
from householdctl.output.streams import OutputError, abandon_output
from householdctl.output.terminal import note, printable
from householdctl.values.units import parse_duration, seconds
from householdctl.views.certificates import is_refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from household.v1.server_service_pb2 import Server
    from householdctl.control.options import Options
    from householdctl.control.target import Target
    from householdctl.daemon.health import Health


class Status(IntEnum):
    """Exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def gravity(self) -> int:
        """UNKNOWN is better than WARNING."""
        return (Status.OK, Status.UNKNOWN, Status.WARNING, Status.CRITICAL).index(self)


_SECONDS = ("loop_gap", "last_pass")
METRICS = ("sessions", "loop_gap", "last_pass", "restarts", "download", "upload")


@dataclass(frozen=True)
class Thresholds:
    """Limits for WARNING and CRITICAL."""

    warning: dict[str, float]
    critical: dict[str, float]

    def described(self, name: str) -> str:
        """Return a metric's limits in performance data."""
        return ";".join(_number(side[name]) if name in side else "" for side in (self.warning, self.critical))

    def judge(self, name: str, value: float) -> tuple[Status, str]:
        """Return a text unless the status is OK."""
        for status, limits in ((Status.CRITICAL, self.critical), (Status.WARNING, self.warning)):
            if name in limits and value > limits[name]:
                return status, f"{name} is {_number(value)}, above {_number(limits[name])}"
        return Status.OK, ""


def run_plugin(options: Options, warning: Sequence[str], critical: Sequence[str]) -> int:
    """Return the exit code."""
    try:
        thresholds = Thresholds(_limits("--warning", warning), _limits("--critical", critical))
        targets = options.targets
    except CommandError as error:
        return _finish(Status.UNKNOWN, [error.message], [])
    several = len(targets) > 1
    worst, texts, figures = Status.OK, [], []
    for target in targets:
        status, text, data = _check(options, target, thresholds, f"{target.name}/" if several else "")
        worst = max(worst, status, key=lambda each: each.gravity)
        texts.append(f"{target.name}: {text}" if several else text)
        figures += data
    return _finish(worst, texts, figures)


def _check(options: Options, target: Target, thresholds: Thresholds, prefix: str) -> tuple[Status, str, list[str]]:
    try:
        with options.connect(target) as client:
            health = get_health(client)
    except CommandError as error:
        dead = error.code in {ExitCode.UNREACHABLE, ExitCode.DEADLINE}
        return Status.CRITICAL if dead else Status.UNKNOWN, error.message, []
    status, problems = _state(health)
    figures = []
    for name, value in metrics(health.server).items():
        judged, words = thresholds.judge(name, value)
        status = max(status, judged, key=lambda each: each.gravity)
        problems += [words] if words else []
        label = f"'{prefix}{name}'" if prefix else name
        figures.append(f"{label}={_number(value)}{'s' * (name in _SECONDS)};{thresholds.described(name)};0")
    ready = sum(worker.state == WorkerState.WORKER_STATE_READY for worker in health.server.workers)
    summary = f"{health.server.sessions} sessions, {ready} of {len(health.server.workers)} workers ready"
    return status, "; ".join([*problems, summary]), figures


def metrics(server: Server) -> dict[str, float]:
    """Return the worst of the workers, the sum of restarts."""
    loops = [worker.control_loop for worker in server.workers]
    return {
        "sessions": server.sessions,
        "loop_gap": max((seconds(loop.longest_gap) for loop in loops), default=0.0),
        "last_pass": max((seconds(loop.last_pass) for loop in loops), default=0.0),
        "restarts": sum(worker.restarts for worker in server.workers),
        "download": round(server.download_bps),
        "upload": round(server.upload_bps),
    }


def _state(health: Health) -> tuple[Status, list[str]]:
    server, problems = health.server, health.problems
    ready = any(worker.state == WorkerState.WORKER_STATE_READY for worker in server.workers)
    if not problems:
        return Status.OK, []
    # A drain is intended, and a dead worker is replaced: no reason to wake an operator.
    passing = server.state == ServerState.SERVER_STATE_DRAINING or (
        server.state == ServerState.SERVER_STATE_SERVING and ready and health.serving_status == "SERVING"
    )
    refused = any(map(is_refused, server.certificates))
    return Status.WARNING if passing and not refused else Status.CRITICAL, problems


def _limits(option: str, assignments: Sequence[str]) -> dict[str, float]:
    limits = {}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if name not in METRICS:
            known = ", ".join(METRICS)
            raise CommandError(ExitCode.USAGE, f"{option} {assignment}: write NAME=VALUE with one of {known}")
        try:
            value = parse_duration(text) if name in _SECONDS else float(text)
        except ValueError as error:
            raise CommandError(ExitCode.USAGE, f"{option} {assignment}: {error}") from None
        if not math.isfinite(value) or value < 0:
            raise CommandError(ExitCode.USAGE, f"{option} {assignment}: must be a number of 0 or more")
        limits[name] = value
    return limits


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _finish(status: Status, texts: Sequence[str], figures: Sequence[str]) -> int:
    # A bar begins the performance data.
    text = printable("; ".join(texts)).replace("|", "/")
    try:
        print_line(f"HOUSEHOLDD {status.name} - {text}" + (f" | {' '.join(figures)}" if figures else ""))
    except OutputError as error:
        abandon_output()
        note(f"Error: standard output: {describe_failure(error.error)}")
        return Status.UNKNOWN.value
    return status.value
