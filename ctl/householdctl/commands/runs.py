"""runs: live ones, and those of the history."""

from typing import TYPE_CHECKING, Any

from householdctl.cli.command_tree import App
from householdctl.cli.options import example, with_options
from householdctl.cli.selection_options import FilterOption
from householdctl.commands import history
from householdctl.control.options import Options

if TYPE_CHECKING:
    from householdctl.control.multi_target import TargetAnswers

app = App(
    help="See live and finished runs of households.", epilog=example("householdctl runs live", "householdctl runs list")
)


@app.command(
    "live",
    epilog=example(
        "householdctl runs live",
        "householdctl runs live --filter 'address = 192.0.2.0/24'",
        "householdctl runs live -o json | jq '.runs[].session_ids'",
    ),
)
@with_options
def live_runs(options: Options, query: FilterOption = "") -> None:
    """List live runs, a row for each household.

    A household is all sessions of one daemon with the same address and test id; with --filter, those that match.
    """
    from householdctl.control.households import group
    from householdctl.control.multi_target import ask
    from householdctl.output import printer
    from householdctl.output.tables import Column, Table
    from householdctl.output.terminal import warn
    from householdctl.sessions.list_sessions import missing
    from householdctl.views import households as household_views

    answers: TargetAnswers[Any] = ask(options, lambda client: client.list_sessions(query))
    found = group((target, session) for target, answer in answers for session in answer.sessions)
    lines = [household_views.document(each, several=answers.several) for each in found]
    columns = household_views.COLUMNS
    if answers.several:
        columns = (Column("TARGET", lambda household: household.target), *columns)
    document = {"runs": lines, "unreachable_targets": answers.unreachable} if answers.several else {"runs": lines}
    answers.warn()
    for text in missing(answers):
        warn(text)
    printer.show(options, document, Table(columns, found), lines=lines)
    answers.finish()


app.command("list", epilog=example("householdctl runs list --filter 'grade = f AND valid = true'"))(history.list_runs)
app.command("show", epilog=example("householdctl runs show 1f4d32021bf9634a1e5fa1e6"))(history.show)
