"""history: list, runs, show, stats, export."""

from enum import StrEnum
from typing import Annotated

import typer

from householdctl.cli.command_tree import App
from householdctl.cli.completion import history_fields, kept_ids, run_fields
from householdctl.cli.options import example, with_options
from householdctl.cli.selection_options import (
    AddressOption,
    EndedProfileOption,
    KeptRunOption,
    SinceOption,
    UntilOption,
    UserOption,
    check_order,
)
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.formats import Format

app = App(
    help="See ended sessions and finished runs.",
    epilog=example("householdctl history list", "householdctl history stats"),
)

DEFAULT_LIMIT = 50

SessionFilter = Annotated[
    str,
    typer.Option(
        "--filter",
        metavar="FILTER",
        autocompletion=history_fields,
        help="Only sessions that match: reason = KILLED AND duration < 10s. Fields: householdctl explain history",
    ),
]
RunFilter = Annotated[
    str,
    typer.Option(
        "--filter",
        metavar="FILTER",
        autocompletion=run_fields,
        help="Only runs that match: grade = F AND baseline > 20ms. Fields: householdctl explain runs",
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Only the newest N.")]


class Grouping(StrEnum):
    """Groups of ``history stats``."""

    ALL = "all"
    DAY = "day"
    ADDRESS_BLOCK = "address-block"
    PROFILE = "profile"
    REASON = "reason"
    GRADE = "grade"
    VERDICT = "verdict"
    CAUSE = "cause"
    HURTING = "hurting"


class ExportFormat(StrEnum):
    """Formats of ``history export``."""

    CSV = "csv"
    JSONL = "jsonl"


@app.command(
    "list",
    epilog=example(
        "householdctl history list --profile jake --filter 'duration < 10s'",
        "householdctl history list --address 192.0.2.0/24 --since yesterday",
    ),
)
@with_options
def list_sessions(
    options: Options,
    query: SessionFilter = "",
    profile: EndedProfileOption = None,
    address: AddressOption = None,
    user: UserOption = None,
    run: KeptRunOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
) -> None:
    """List ended sessions, newest first."""
    check_order(since, until)
    from householdctl.output import printer
    from householdctl.values import filters

    matching = filters.ended(query, profile=profile, address=address, user=user, run=run, since=since, until=until)
    with options.connect() as client:
        records = list(client.ended_sessions(matching, limit))
    from household.v1.history_service_pb2 import ListHistoryResponse, SessionRecord
    from householdctl.output.tables import Table
    from householdctl.views import history as history_views

    document = ListHistoryResponse(sessions=records)
    printer.show(options, document, Table(history_views.SESSION_COLUMNS, records), lines=records, row=SessionRecord)
    history_views.note_what_is_kept(matching, [record.session.peer_address for record in records], "ended session")


@app.command(
    "runs",
    epilog=example(
        "householdctl history runs --filter 'grade = F'", "householdctl history runs --address 192.0.2.7 --since 7d"
    ),
)
@with_options
def list_runs(
    options: Options,
    query: RunFilter = "",
    address: AddressOption = None,
    run: KeptRunOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
) -> None:
    """List finished runs, newest first."""
    check_order(since, until)
    from householdctl.output import printer
    from householdctl.values import filters

    matching = filters.runs(query, address=address, run=run, since=since, until=until)
    with options.connect() as client:
        runs = list(client.runs(matching, limit))
    from household.v1.history_service_pb2 import ListRunsResponse, Run
    from householdctl.output.tables import Table
    from householdctl.views import history as history_views

    printer.show(options, ListRunsResponse(runs=runs), Table(history_views.RUN_COLUMNS, runs), lines=runs, row=Run)
    history_views.note_what_is_kept(matching, [each.peer_address for each in runs], "run")


@app.command(
    "show",
    epilog=example(
        "householdctl history show 1f4d3202", "householdctl history show 0b9d1f9e-4c53-4f57-8a52-6f0d6c1e2a11"
    ),
)
@with_options
def show(
    options: Options,
    record_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            autocompletion=kept_ids,
            help="Id of a session or a run, or its beginning.",
        ),
    ],
) -> None:
    """Show all details of an ended session or a run."""
    from householdctl.output import printer
    from householdctl.output.tables import Facts
    from householdctl.sessions.ids import whole_record
    from householdctl.values.filters import quoted
    from householdctl.views import history as history_views

    with options.connect() as client:
        whole, is_run = whole_record(client, record_id)
        if is_run:
            answer = client.get_run(whole)
            printer.show(options, history_views.run_document(answer), history_views.run_view(answer))
            return
        record = next(client.ended_sessions(f"id = {quoted(whole)}", 1), None)
    if record is None:
        raise CommandError(ExitCode.NOT_FOUND, f"session {whole} is not in the history")
    printer.show(options, record, Facts(history_views.session_facts(record)))


@app.command(
    "stats", epilog=example("householdctl history stats --by day --since 7d", "householdctl history stats --by cause")
)
@with_options
def stats(
    options: Options,
    group_by: Annotated[
        Grouping, typer.Option("--by", metavar="GROUPING", help=f"Group by: {', '.join(Grouping)}.")
    ] = Grouping.DAY,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Count ended sessions and runs by group."""
    check_order(since, until)
    from household.v1.history_service_pb2 import GetHistoryStatsRequest, HistoryGroup, HistoryGrouping

    name = "UNSPECIFIED" if group_by is Grouping.ALL else group_by.name
    request = GetHistoryStatsRequest(group_by=HistoryGrouping.Value(f"HISTORY_GROUPING_{name}"))
    if since is not None:
        request.since.FromDatetime(since)
    if until is not None:
        request.until.FromDatetime(until)
    with options.connect() as client:
        answer = client.history_stats(request)
    from householdctl.output import printer
    from householdctl.output.tables import Table
    from householdctl.views import history as history_views

    printer.show(
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
    runs: Annotated[bool, typer.Option("--runs", help="Write runs instead of sessions.")] = False,
    query: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help="As in history list, or with --runs as in history runs.")
    ] = "",
    profile: EndedProfileOption = None,
    address: AddressOption = None,
    user: UserOption = None,
    run: KeptRunOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Write all ended sessions, or runs, to standard output.

    Newest first, as JSON lines or CSV. Reads a page at a time, so that any number fits into memory.
    """
    check_order(since, until)
    if runs and (profile is not None or user is not None):
        raise CommandError(ExitCode.USAGE, "--profile and --user select sessions; do not combine them with --runs")
    from householdctl.output import printer
    from householdctl.values import filters

    moments = {"since": since, "until": until}
    if runs:
        matching = filters.runs(query, address=address, run=run, **moments)
    else:
        matching = filters.ended(query, profile=profile, address=address, user=user, run=run, **moments)
    with options.connect() as client:
        from household.v1.history_service_pb2 import Run, SessionRecord

        records = client.runs(matching) if runs else client.ended_sessions(matching)
        if style is ExportFormat.CSV or options.output is Format.CSV:
            printer.print_csv(records, row=Run if runs else SessionRecord, headers=options.headers)
        else:
            for record in records:
                printer.print_json_line(record)
