"""sessions: list and show; kill, watch and shutdown have modules of their own."""

from typing import Annotated

import typer

from householdctl.cli.command_tree import App
from householdctl.cli.completion import live_session_ids, order_fields
from householdctl.cli.options import example, with_options
from householdctl.cli.selection_options import AddressOption, FilterOption, LiveRunOption, ProfileOption, UserOption
from householdctl.commands import blocks
from householdctl.commands.kill import kill_sessions
from householdctl.commands.shutdown import shutdown
from householdctl.commands.watch import watch_sessions
from householdctl.control.options import Options

app = App(
    help="See, close and block sessions.",
    epilog=example("householdctl sessions list", "householdctl sessions kill --all --reason maintenance"),
)


@app.command(
    "list",
    epilog=example(
        "householdctl sessions list --filter 'state = QUIET' --order-by 'sent_bytes desc'",
        "householdctl sessions list --profile jake --watch",
        "householdctl sessions list --filter 'address = 192.0.2.0/24 AND sent_bytes > 10MB'",
        "householdctl sessions list --context 'edge-*' -o csv > sessions.csv",
    ),
)
@with_options
def list_sessions(
    options: Options,
    query: FilterOption = "",
    profile: ProfileOption = None,
    address: AddressOption = None,
    user: UserOption = None,
    run: LiveRunOption = None,
    order_by: Annotated[
        str,
        typer.Option(
            "--order-by",
            metavar="FIELDS",
            autocompletion=order_fields,
            help="Fields to sort by: sent_bytes desc, opened_at  [default: opened_at]",
        ),
    ] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="Only the first N.  [default: all]")
    ] = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="Update the table until Ctrl-C; without a terminal, print every event."),
    ] = False,
) -> None:
    """List live sessions."""
    from householdctl.sessions.matching import require_profile
    from householdctl.values import filters

    if watch:
        from householdctl.sessions.watch_list import follow_list as act
    else:
        from householdctl.sessions.list_sessions import print_list as act
    matching = filters.live(query, profile=profile, address=address, user=user, run=run)
    require_profile(options, profile)
    act(options, matching, order_by, limit)


@app.command("show", epilog=example("householdctl sessions show 0b9d1f9e"))
@with_options
def show_session(
    options: Options,
    session_id: Annotated[
        str, typer.Argument(metavar="ID", autocompletion=live_session_ids, help="Id of a session, or its beginning.")
    ],
) -> None:
    """Show all details of a live or recently closed session."""
    from householdctl.control.multi_target import ask
    from householdctl.output import printer
    from householdctl.sessions.ids import whole_session

    whole = whole_session(options, session_id)
    # One of several daemons is enough to know the session.
    answers = ask(options, lambda client: client.get_session(whole))
    from householdctl.output.tables import Facts
    from householdctl.views import sessions as session_views

    target, session = next(iter(answers))
    facts = session_views.facts(session)
    printer.show(
        options, answers.tag(target, session), Facts([("target", target), *facts] if answers.several else facts)
    )


app.command(
    "watch",
    epilog=example("householdctl sessions watch --filter 'profile = \"alex\"'", "householdctl sessions watch -o jsonl"),
)(watch_sessions)
app.command(
    "kill",
    epilog=example(
        'householdctl sessions kill 0b9d1f9e --reason "customer called"',
        "householdctl sessions kill --profile computer --reason maintenance --yes",
        "householdctl sessions kill --context 'edge-*' --filter 'verdict = FROZEN' --reason frozen",
        "householdctl sessions kill --address 192.0.2.7 --reason abuse --block 10m --dry-run",
    ),
)(kill_sessions)
app.command("blocks", epilog=example("householdctl sessions blocks"))(blocks.list_blocks)
app.command("block", epilog=example("householdctl sessions block 192.0.2.7 --for 10m --reason abuse"))(blocks.block)
app.command("unblock", epilog=example("householdctl sessions unblock 192.0.2.7"))(blocks.unblock)
app.command("shutdown", epilog=example('householdctl sessions shutdown --reason "line card on fire" --yes'))(shutdown)
