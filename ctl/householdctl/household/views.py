"""A run and its report as people read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Group
from rich.text import Text

from householdctl import output
from householdctl.household.run import WHO
from householdctl.household.words import INVALID, verdict
from householdctl.options import Format
from householdctl.output import Column
from householdctl.units import format_rate

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from rich.console import RenderableType

    from householdctl.household.run import Progress
    from householdscore.facts import RunFacts
    from householdscore.latency import LatencyFigures
    from householdscore.report import PersonReport, RunReport

COLUMNS = (
    Column("WHO"),
    Column("SCORE", right=True),
    Column("DELAY P50", right=True, rank=2),
    Column("DELAY P95", right=True),
    Column("DOWN", right=True),
    Column("UP", right=True, rank=1),
    Column("VERDICT"),
)


def document(facts: RunFacts, report: RunReport, began: Mapping[str, dt.datetime]) -> dict[str, Any]:
    """Facts and report for scripts: names in snake_case, units in the names, and no list of single arrivals.

    ``began`` is when each phase did, so that a run can be laid beside what else was recorded of the line.
    """
    plain: dict[str, Any] = json.loads(msgspec.json.encode({"report": report, "facts": facts}))
    for person in plain["facts"]["people"]:
        del person["arrivals"]
    plain["began"] = {phase: at.isoformat(timespec="microseconds") for phase, at in began.items()}
    return _snake_case(plain)  # type: ignore[no-any-return]  # a dict stays one


def show(style: Format, facts: RunFacts, report: RunReport, began: Mapping[str, dt.datetime]) -> None:
    """Prints the report."""
    if style is not Format.TABLE:
        (output.print_json if style is Format.JSON else output.print_json_line)(document(facts, report, began))
        return
    output.print_table(COLUMNS, [_row(person) for person in report.people])
    delay = report.latency
    lines = [
        ("household grade", str(report.grade) if report.valid and report.grade else "none"),
        ("delay, idle line", f"{_ms(report.baseline_ms)} median of {report.idle.count} pings"),
        ("delay under load", f"{_ms(delay.p50_ms)} median, {_ms(delay.p95_ms)} p95, {_ms(delay.p99_ms)} p99"),
        ("added by the load", f"{_ms(delay.increase_p95_ms)} at p95"),
    ]
    for person in report.people:
        if person.playout is not None:
            stops = f"{person.playout.stalls} stops, {person.playout.stall_s:.1f} s in all"
            lines.append((f"{person.who}'s picture", stops))
        if person.call is not None:
            lines.append((f"{person.who}'s call", f"MOS {person.call.mos:.1f} of 4.5"))
    output.print_facts(lines)
    for reason in report.invalid:
        output.note(f"this run does not count: {INVALID[reason]}")


def progress(now: Progress) -> RenderableType:
    """What a terminal shows while a run goes on."""
    lines = [Text(f"{now.phase}, {now.left:.0f} s left", style="bold")]
    for member in now.members:
        if member.who in WHO:
            recent = [(at, count) for at, count in member.arrivals[-4000:] if at > member.arrivals[-1][0] - 1]
            rate = format_rate(sum(count for _, count in recent) * 8)
        else:
            rate = ""
        delay = "" if member.latest_ms is None else f"{member.latest_ms:.0f} ms"
        lines.append(Text(f"  {member.who:10}{rate:>14}{delay:>10}  {member.ended}"))
    return Group(*lines)


def _row(person: PersonReport) -> list[str]:
    score = "-" if person.outcome.score is None else f"{person.outcome.score:.0f}"
    judged: LatencyFigures = person.latency
    return [
        person.who,
        score,
        _ms(judged.p50_ms),
        _ms(judged.p95_ms),
        format_rate(person.download.got_bps),
        format_rate(person.upload.got_bps),
        verdict(person.verdict),
    ]


def _ms(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.1f} ms"


def _snake_case(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {_snake(key): _snake_case(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_snake_case(each) for each in value]
    return value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
