"""sessions: list, show, watch, kill."""

from typing import Annotated

import typer

from householdctl.commands.shutdown import shutdown
from householdctl.completion import live_session_ids
from householdctl.consent import require_consent
from householdctl.exits import CommandError, ExitCode
from householdctl.options import Format, Options, example, with_options
from householdctl.terminal import warn

app = typer.Typer(help="See sessions and end them.", rich_markup_mode=None, no_args_is_help=True)
app.command("shutdown", epilog=example('householdctl sessions shutdown --reason "line card on fire" --yes'))(shutdown)

FilterOption = Annotated[
    str,
    typer.Option("--filter", metavar="FILTER", help='Such as: profile = "jake" AND state = QUIET AND sent_bytes > 0'),
]


@app.command("list", epilog=example("householdctl sessions list --filter 'state = QUIET' --order-by 'sent_bytes desc'"))
@with_options
def list_sessions(
    options: Options,
    query: FilterOption = "",
    order_by: Annotated[
        str,
        typer.Option("--order-by", metavar="FIELDS", help="Such as: sent_bytes desc, opened_at  [default: opened_at]"),
    ] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most this many.  [default: all]")] = None,
) -> None:
    """List the live sessions."""
    with options.connect() as client:
        listing = client.list_sessions(query, order_by, limit)
    from household.v1.session_pb2 import Session
    from householdctl import output, session_views
    from householdctl.tables import Table

    for worker in listing.unreachable_workers:
        warn(f"the sessions of worker {worker.worker} are missing: {worker.reason}")
    output.show(
        options,
        listing,
        Table(session_views.COLUMNS, listing.sessions),
        lines=listing.sessions,
        row=Session,
    )


@app.command("show", epilog=example("householdctl sessions show 0b9d1f9e-4c53-4f57-8a52-6f0d6c1e2a11"))
@with_options
def show_session(
    options: Options,
    session_id: Annotated[str, typer.Argument(metavar="ID", autocompletion=live_session_ids, help="Its UUID.")],
) -> None:
    """Show everything about one session, live or recently closed."""
    with options.connect() as client:
        session = client.get_session(session_id)
    from householdctl import output, session_views
    from householdctl.tables import Facts

    output.show(options, session, Facts(session_views.facts(session)))


@app.command("watch", epilog=example("householdctl sessions watch --filter 'profile = \"alex\"'"))
@with_options
def watch_sessions(
    options: Options,
    query: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help='On what does not change, such as: profile = "jake"')
    ] = "",
) -> None:
    """Print the live sessions, then every change as it happens, until Ctrl-C."""
    if options.output is Format.JSON:
        raise CommandError(
            ExitCode.USAGE, "--output json: a watch has no end, so it is no single document", "use --output jsonl"
        )
    with options.connect() as client:
        from householdctl import output, session_views

        messages = client.watch_sessions(query)
        if options.output is Format.CSV:
            output.print_csv(messages, headers=options.headers)
            return
        for message in messages:
            if options.output is Format.JSONL:
                output.print_json_line(message)
            else:
                output.print_line(session_views.event_line(message))


@app.command(
    "kill",
    epilog=example(
        'householdctl sessions kill 0b9d1f9e-4c53-4f57-8a52-6f0d6c1e2a11 --reason "customer called"',
        "householdctl sessions kill --filter 'profile = \"computer\"' --reason maintenance --yes",
    ),
)
@with_options
def kill_sessions(
    options: Options,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Shown to the client and logged; 1 to 200 characters.")],
    session_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[IDS]...", autocompletion=live_session_ids, help="UUIDs.")
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--filter", metavar="FILTER", help="Every live session that matches, as in sessions list."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every live session.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Close sessions at once and say for each what happened."""
    ids = list(dict.fromkeys(session_ids or ()))
    if (bool(ids), query is not None, everything).count(True) != 1:
        raise CommandError(ExitCode.USAGE, "say which sessions, in one way: IDS, --filter FILTER or --all")
    if query is not None and not query.strip():
        raise CommandError(ExitCode.USAGE, "--filter: empty, which would match every session", "use --all for that")
    with options.connect() as client:
        require_consent("kill sessions", yes=yes, count=lambda: len(ids) if ids else client.count_sessions(query or ""))
        answer = client.kill_sessions(reason, ids=ids, query=query or "", everything=everything)
    from household.v1.session_service_pb2 import KillResult
    from householdctl import output, session_views
    from householdctl.tables import Table

    output.show(
        options,
        answer,
        Table(session_views.KILL_COLUMNS, answer.results),
        lines=answer.results,
        row=KillResult,
    )
    for worker in answer.unreachable_workers:
        warn(f"sessions of worker {worker.worker} may live on, it did not answer: {worker.reason}")
    if answer.unreachable_workers:
        raise typer.Exit(ExitCode.UNREACHABLE)
    if session_views.not_found(answer):
        raise typer.Exit(ExitCode.NOT_FOUND)
