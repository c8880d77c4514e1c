"""Health of daemons, for people and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from householdctl.control.multi_target import TargetAnswers, ask
from householdctl.output import printer
from householdctl.output.tables import Facts, Sections, Table
from householdctl.output.terminal import warn
from householdctl.views import server as server_views

if TYPE_CHECKING:
    from household.v1.server_service_pb2 import Server
    from householdctl.control.client import Client
    from householdctl.control.options import Options


@dataclass(frozen=True)
class Health:
    """State and health status of a daemon."""

    serving_status: str
    server: Server

    @property
    def problems(self) -> list[str]:
        """A line each."""
        return server_views.problems(self.serving_status, self.server)

    def document(self) -> dict[str, Any]:
        return {
            "healthy": not self.problems,
            "problems": self.problems,
            "serving_status": self.serving_status,
            "server": self.server,
        }


def get_health(client: Client) -> Health:
    return Health(client.serving_status(), client.get_server())


def show_health(options: Options) -> bool:
    """Return whether all are healthy. End as a partial failure if one failed."""
    answers = ask(options, get_health)
    if answers.several:
        _show_several(options, answers)
    else:
        health = answers.only
        view = Sections(
            Facts(server_views.facts(health.serving_status, health.server)),
            Table(server_views.WORKER_COLUMNS, health.server.workers),
        )
        printer.show(options, health.document(), view)
    for target, health in answers:
        for problem in health.problems:
            warn(f"{target}: {problem}" if answers.several else problem)
    answers.warn()
    if any(health.problems for _, health in answers):
        return False
    answers.finish()
    return True


def _show_several(options: Options, answers: TargetAnswers[Health]) -> None:
    lines = [{"target": target, **health.document()} for target, health in answers]
    document = {
        "healthy": not answers.failures and all(line["healthy"] for line in lines),
        "targets": lines,
        "unreachable_targets": answers.unreachable,
    }
    servers = [answers.tag(target, health.server) for target, health in answers]
    printer.show(options, document, Table(answers.columns(server_views.SERVER_COLUMNS), servers), lines=lines)
