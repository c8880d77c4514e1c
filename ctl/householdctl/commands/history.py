"""history: list, runs, show, stats, export."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Annotated

import typer

from householdctl.command_tree import App
from householdctl.exits import CommandError, ExitCode
from householdctl.options import Format, Options, duration_argument, example, with_options

app = App(
    help="See ended sessions and finished runs.",
    epilog=example("householdctl history list", "householdctl history stats"),
)

DEFAULT_LIMIT = 50

SessionFilter = Annotated[
    str, typer.Option("--filter", metavar="FILTER", help="Such as: reason = killed AND closed_at >= 2026-11-01")
]
RunFilter = Annotated[
    str,
    typer.Option("--filter", metavar="FILTER", help="Such as: grade = f AND stored_at >= 2026-11-01"),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most this many, the newest.")]


class Grouping(StrEnum):
    """What ``history stats`` counts by."""

    ALL = "all"
    DAY = "day"
    ADDRESS_BLOCK = "address-block"
    PROFILE = "profile"
    REASON = "reason"
    GRADE = "grade"
    VERDICT = "verdict"


class ExportFormat(StrEnum):
    """How ``history export`` writes."""

    CSV = "csv"
    JSONL = "jsonl"


def moment_argument(text: str) -> dt.datetime:
    """A moment: a date or a time, of this machine's zone where it names none, or a duration that is as long ago."""
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError:
        pass
    try:
        return dt.datetime.now(dt.UTC) - dt.timedelta(seconds=duration_argument(text))
    except (typer.BadParameter, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is no moment; write a date such as 2026-11-25, a time such as 2026-11-25T10:00, or how long "
            "ago, such as 24h"
        ) from None


@app.command("list", epilog=example("householdctl history list --filter 'profile = jake AND duration < 10s'"))
@with_options
def list_sessions(options: Options, query: SessionFilter = "", limit: LimitOption = DEFAULT_LIMIT) -> None:
    """List ended sessions, newest first."""
    with options.connect() as client:
        records = list(client.ended_sessions(query, limit))
    from household.v1.history_service_pb2 import ListHistoryResponse, SessionRecord
    from householdctl import history_views, output
    from householdctl.tables import Table

    document = ListHistoryResponse(sessions=records)
    output.show(options, document, Table(history_views.SESSION_COLUMNS, records), lines=records, row=SessionRecord)


@app.command("runs", epilog=example("householdctl history runs --filter 'grade = f AND valid = true'"))
@with_options
def list_runs(options: Options, query: RunFilter = "", limit: LimitOption = DEFAULT_LIMIT) -> None:
    """List finished runs, newest first."""
    with options.connect() as client:
        runs = list(client.runs(query, limit))
    from household.v1.history_service_pb2 import ListRunsResponse, Run
    from householdctl import history_views, output
    from householdctl.tables import Table

    output.show(options, ListRunsResponse(runs=runs), Table(history_views.RUN_COLUMNS, runs), lines=runs, row=Run)


@app.command(
    "show",
    epilog=example(
        "householdctl history show 1f4d32021bf9634a1e5fa1e6",
        "householdctl history show 0b9d1f9e-4c53-4f57-8a52-6f0d6c1e2a11",
    ),
)
@with_options
def show(
    options: Options,
    record_id: Annotated[str, typer.Argument(metavar="ID", help="A session's UUID, or a run's 24 hexadecimal digits.")],
) -> None:
    """Show everything about one ended session or one run."""
    from householdctl import output

    if not _is_session(record_id):
        with options.connect() as client:
            answer = client.get_run(record_id)
        from householdctl import history_views

        output.show(options, history_views.run_document(answer), history_views.run_view(answer))
        return
    with options.connect() as client:
        record = next(client.ended_sessions(f'id = "{record_id}"', 1), None)
    if record is None:
        raise CommandError(ExitCode.NOT_FOUND, f"session {record_id} is not in the history")
    from householdctl import history_views
    from householdctl.tables import Facts

    output.show(options, record, Facts(history_views.session_facts(record)))


@app.command("stats", epilog=example("householdctl history stats --by day --since 2026-11-01"))
@with_options
def stats(
    options: Options,
    group_by: Annotated[
        Grouping, typer.Option("--by", metavar="GROUPING", help=f"What to count by: {', '.join(Grouping)}.")
    ] = Grouping.DAY,
    since: Annotated[
        dt.datetime | None,
        typer.Option(parser=moment_argument, metavar="MOMENT", help="Only from here on: a date, a time, or 24h."),
    ] = None,
    until: Annotated[
        dt.datetime | None, typer.Option(parser=moment_argument, metavar="MOMENT", help="Only before.")
    ] = None,
) -> None:
    """Count ended sessions and runs."""
    from household.v1.history_service_pb2 import GetHistoryStatsRequest, HistoryGroup, HistoryGrouping

    name = "UNSPECIFIED" if group_by is Grouping.ALL else group_by.name
    request = GetHistoryStatsRequest(group_by=HistoryGrouping.Value(f"HISTORY_GROUPING_{name}"))
    if since is not None:
        request.since.FromDatetime(since)
    if until is not None:
        request.until.FromDatetime(until)
    with options.connect() as client:
        answer = client.history_stats(request)
    from householdctl import history_views, output
    from householdctl.tables import Table

    output.show(
        options, answer, Table(history_views.GROUP_COLUMNS, answer.groups), lines=answer.groups, row=HistoryGroup
    )


@app.command(
    "export",
    epilog=example(
        "householdctl history export --format csv > sessions.csv", "householdctl history export --runs > runs.jsonl"
    ),
)
@with_options
def export(
    options: Options,
    style: Annotated[
        ExportFormat, typer.Option("--format", metavar="FORMAT", help="csv or jsonl.")
    ] = ExportFormat.JSONL,
    runs: Annotated[bool, typer.Option("--runs", help="Runs instead of sessions.")] = False,
    query: Annotated[str, typer.Option("--filter", metavar="FILTER", help="As in list and runs.")] = "",
) -> None:
    """Write all ended sessions, or runs, to standard output.

    Newest first, a page at a time, so that any number fits. JSON lines, or CSV.
    """
    with options.connect() as client:
        from household.v1.history_service_pb2 import Run, SessionRecord
        from householdctl import output

        records = client.runs(query) if runs else client.ended_sessions(query)
        if style is ExportFormat.CSV or options.output is Format.CSV:
            output.print_csv(records, row=Run if runs else SessionRecord, headers=options.headers)
        else:
            for record in records:
                output.print_json_line(record)


def _is_session(text: str) -> bool:
    """Whether ``text`` is a UUID as sessions have it; a run's id has no dashes."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
