"""Test runs for people and scripts."""

from __future__ import annotations

import datetime as dt
import json
import sys
from contextlib import contextmanager
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from household_scoring.directions import hurting
from household_scoring.loss import line_loss_of
from household_scoring.shortfall import shortfalls_of
from householdctl.data_plane.stretches import BACKUP
from householdctl.output import printer
from householdctl.output.formats import Format
from householdctl.output.tables import Column, Facts, Sections, Table
from householdctl.output.terminal import note
from householdctl.values.units import format_rate
from householdctl.views import remedy
from householdctl.views.verdict_text import (
    CAUSES,
    CAUSES_BY_PLACE,
    DIRECTIONS,
    INVALID,
    LACKS,
    NOT_LOCATED,
    PLACES,
    WITNESSES,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from household_scoring.attribution import Cause
    from household_scoring.home_or_line import Place
    from household_scoring.report import PersonReport, RunReport
    from householdctl.control.options import Options
    from householdctl.data_plane.household import Progress
    from householdctl.data_plane.member import HouseholdMember
    from householdctl.data_plane.played import Played, PlayedStretch
    from householdctl.data_plane.test_run import TestRun


def document(run: TestRun) -> dict[str, Any]:
    """Return facts, report, location of the delay, warm-up and the server's TCP figures for scripts.

    Those beside ``stretches`` are of the worst stretch. Names are in snake_case, with their units; single arrivals are
    left out. ``began`` has the time of each phase, as each stretch has those of its begin and end, to compare the run
    with other records of the line.
    """
    played = run.played
    stretches = [_stretch(played, each) for each in played.stretches]
    at_worst = stretches[played.stretches.index(played.worst)]
    return {
        "report": at_worst["report"],
        "home_or_line": {"gateway": played.worst.gateway.address, **_plain(run.location)},
        "facts": at_worst["facts"],
        "warm_up": _plain(played.warm_up),
        "server_tcp": played.server_tcp,
        "ended": _plain(played.ended),
        "began": {phase: _time(at) for phase, at in run.began.items()},
        "permalink": run.permalink,
        "remedy": remedy.document(run),
        "stretch": at_worst["stretch"],
        "stretches": stretches,
    }


def _stretch(played: Played, stretch: PlayedStretch) -> dict[str, Any]:
    facts = _plain(stretch.facts)
    for person in facts["people"]:
        del person["arrivals"]
    began, ended = (
        dt.datetime.fromtimestamp(played.started_at + each, dt.UTC) for each in (stretch.from_s, stretch.until_s)
    )
    return {
        "stretch": stretch.stretch,
        "began": _time(began),
        "ended": _time(ended),
        "report": _plain(stretch.report),
        "facts": {**facts, "gateway": _plain(stretch.gateway.pings)},
    }


def _time(at: dt.datetime) -> str:
    return at.isoformat(timespec="microseconds")


def show(options: Options, run: TestRun) -> None:
    """As CSV, print a row for each person."""
    report, played = run.report, run.played
    view = Sections(
        Table(COLUMNS, report.people),
        *([Table(STRETCH_COLUMNS, played.stretches)] if len(played.stretches) > 1 else []),
        Facts([*_household(run), *_warm_up(played), *remedy.facts(run)]),
        *remedy.commands(run),
    )
    whole = document(run)
    printer.show(options, whole, view, lines=_rows(whole) if options.output is Format.CSV else None)
    if options.for_people:
        for reason in report.invalid:
            note(f"this run does not count: {INVALID[reason]}")
        for words, ended in groupby(sorted(played.ended, key=lambda each: each.words), key=lambda each: each.words):
            note(f"{', '.join(dict.fromkeys(each.who for each in ended))}: {words}")
    if run.permalink is not None:
        note(f"this run: {run.permalink}")
    elif run.refusal:
        note(f"this run was not kept: {run.refusal}")


def _rows(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each person: as in the worst stretch, and below ``stretches`` as in each."""
    return [
        {
            **person,
            "home_or_line": whole["home_or_line"],
            "stretch": whole["stretch"],
            "stretches": {
                each["stretch"]: {"grade": each["report"]["grade"], **each["report"]["people"][place]}
                for each in whole["stretches"]
            },
        }
        for place, person in enumerate(whole["report"]["people"])
    ]


@contextmanager
def progress_display(options: Options) -> Iterator[Callable[[Progress], None]]:
    """Yield a function that shows progress, on a terminal only."""
    if not (options.for_people and sys.stderr.isatty()):
        yield lambda _: None
        return
    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
        yield lambda now: live.update(progress(now), refresh=True)


def _household(run: TestRun) -> list[tuple[str, str]]:
    report = run.report
    delay, found = report.latency, report.attribution
    lines = [
        *_verdict(run.played),
        ("household grade", _grade(report)),
        *_shortfalls(run.played),
        ("delay, idle line", f"{_ms(report.baseline_ms)} median of {report.idle.count} pings"),
        ("delay under load", f"{_ms(delay.p50_ms)} median, {_ms(delay.p95_ms)} p95, {_ms(delay.p99_ms)} p99"),
        ("lost under load", _lost(report.loss_share)),
        ("added by the load", f"{_ms(delay.increase_p95_ms)} at p95"),
        ("added, by the server's kernel", f"{_ms(found.kernel_increase_p95_ms)} at p95"),
        *_location(run),
        ("cause of the delay", _cause(found.cause, run.location.place)),
        ("limit of the rate", _cause(found.rate, run.location.place)),
        *([("graded by", WITNESSES[found.witness])] if found.witness else []),
    ]
    for person in report.people:
        if person.playout is not None:
            stops = f"{person.rendition} quality, {person.playout.stalls} stops, {person.playout.stall_s:.1f} s in all"
            lines.append((f"{person.who}'s picture", stops))
        if person.call is not None:
            lines.append((f"{person.who}'s call", f"MOS {person.call.mos:.1f} of 4.5"))
    return lines


def _verdict(played: Played) -> list[tuple[str, str]]:
    """Name the direction that hurts, and the stretch that the other figures are of."""
    stretches, shown = played.stretches, played.worst
    if len(stretches) == 1:
        return []
    detail = ("shown in detail", f"{shown.stretch}, the worst of {len(stretches)} stretches")
    if not shown.valid:
        return [detail]
    named = hurting(stretches)
    increase_ms = next((each.increase_ms for each in stretches if each.stretch == named), shown.increase_ms)
    added = f"+{increase_ms or 0.0:.0f} ms"
    if named is None:
        return [("verdict", f"neither downloads nor uploads hurt: {added} at most"), detail]
    return [("verdict", f"{DIRECTIONS[named]} are what hurts: {added}"), detail]


def _grade(report: RunReport) -> str:
    return str(report.grade) if report.valid and report.grade else "none"


def _shortfalls(played: Played) -> list[tuple[str, str]]:
    lost = line_loss_of(each.report for each in played.stretches)
    return [
        ("beside this grade", LACKS[each.lack].format(who=", ".join(each.who), lost=lost))
        for each in shortfalls_of(played.worst.report, lossy=lost is not None)
    ]


def _location(run: TestRun) -> list[tuple[str, str]]:
    found, address = run.location, run.played.worst.gateway.address
    said = PLACES[found.place]
    if found.reason is not None:
        said += f": {NOT_LOCATED[found.reason]}"
    added = [("added up to the gateway", f"{_ms(found.increase_p95_ms)} at p95, by pings of {address}")]
    return [*(added if address is not None else []), ("home or line", said)]


def _cause(cause: Cause, place: Place) -> str:
    return CAUSES_BY_PLACE.get(place, CAUSES[cause]) if cause == "line" else CAUSES[cause]


def _warm_up(played: Played) -> list[tuple[str, str]]:
    found = played.warm_up
    if found is None:
        return []
    down = _warmed_up(found.line_bps, found.computer_mbps)
    shared = _shared("download", found.line_bps, found.single_bps, found.connections)
    if found.upload_line_bps is None or found.backup_mbps is None:
        return [("warm-up", down), *shared]
    return [
        ("warm-up, download", down),
        *shared,
        ("warm-up, upload", _warmed_up(found.upload_line_bps, found.backup_mbps)),
        *_shared("upload", found.upload_line_bps, found.upload_single_bps, found.upload_connections),
    ]


def _warmed_up(line_bps: float | None, asked_mbps: float) -> str:
    asked = format_rate(asked_mbps * 1e6)
    if line_bps is None:
        return f"this device was slower than the line, so the Computer asked for {asked}"
    return f"{format_rate(line_bps)} alone on the line, so the Computer asked for {asked}"


def _shared(
    direction: str, line_bps: float | None, single_bps: float | None, connections: int
) -> list[tuple[str, str]]:
    """Return what one connection gets of a line that it does not fill."""
    if line_bps is None or single_bps is None or connections == 1:
        return []
    said = (
        f"{format_rate(single_bps)} of these {format_rate(line_bps)}, so the Computer had {connections} connections:"
        " packets are lost, or the round trip is long"
    )
    return [(f"one connection, {direction}", said)]


def progress(now: Progress) -> RenderableType:
    phase = now.phase if now.stretch is None else f"{now.phase}: {now.stretch}"
    lines = [Text(f"{phase}, {now.left:.0f} s left", style="bold")]
    for who, connections in groupby(now.members, key=lambda member: member.who):
        members = [*connections]
        rate = "" if who == "probe" else format_rate(sum(map(_rate, members)))
        delays = [member.latest_ms for member in members if member.latest_ms is not None]
        delay = f"{median(delays):.0f} ms" if delays else ""
        ended = next((member.ended for member in members if member.ended), "")
        lines.append(Text(f"  {who:10}{rate:>14}{delay:>10}  {ended}"))
    return Group(*lines)


def _rate(member: HouseholdMember) -> float:
    """Return the latest rate of the direction that the member is there for, in bit/s."""
    portions = (member.sent if member.who == BACKUP else member.arrivals)[-4000:]
    return sum(count for at, count in portions if at > portions[-1][0] - 1) * 8


def _lost(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%} of the pings, which TCP sent again"


def _ms(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.1f} ms"


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.0f}"


COLUMNS: tuple[Column[PersonReport], ...] = (
    Column("WHO", lambda person: person.who),
    Column("SCORE", lambda person: _score(person.outcome.score), right=True),
    Column("QOO", lambda person: _score(person.outcome.qoo), right=True),
    Column("DELAY P50", lambda person: _ms(person.latency.p50_ms), right=True, rank=2),
    Column("DELAY P95", lambda person: _ms(person.latency.p95_ms), right=True),
    Column("DOWN", lambda person: format_rate(person.download.got_bps), right=True),
    Column("UP", lambda person: format_rate(person.upload.got_bps), right=True, rank=1),
    Column("VERDICT", lambda person: verdict(person.verdict)),
)


STRETCH_COLUMNS: tuple[Column[PlayedStretch], ...] = (
    Column("STRETCH", lambda stretch: stretch.stretch),
    Column("ADDED P95", lambda stretch: _ms(stretch.increase_ms), right=True),
    Column("DOWN", lambda stretch: format_rate(stretch.download_bps), right=True),
    Column("UP", lambda stretch: format_rate(stretch.upload_bps), right=True),
    Column("GRADE", lambda stretch: _grade(stretch.report)),
)


def _plain(value: object) -> Any:
    return _snake_case(json.loads(msgspec.json.encode(value)))


def _snake_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake(key): _snake_case(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_snake_case(each) for each in value]
    return value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
