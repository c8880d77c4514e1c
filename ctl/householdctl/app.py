"""The command tree."""

from typing import Any

from householdctl.cli.command_tree import App, CommandGroup
from householdctl.cli.options import example, root
from householdctl.commands import (
    audit,
    breakers,
    check,
    config,
    context,
    drain,
    explain,
    health,
    history,
    runs,
    sessions,
    shutdown,
    test,
    timeouts,
    top,
    version,
)
from householdctl.exit_codes import ExitCode

_EXIT_CODES = "\b\nExit codes:\n" + "\n".join(f"  {code.value:>3}  {code.meaning}" for code in ExitCode)
_DATA = (
    "Data goes to standard output, errors and notes to standard error. JSON follows the messages of the control API "
    "(protos/household/v1): field names in snake_case, 64-bit integers as strings, durations as 1.5s. CSV has the same "
    "fields, nested ones joined by a dot, durations in seconds."
)
_EXAMPLES = example(
    "householdctl sessions list",
    "householdctl top",
    "householdctl health -o json",
    "householdctl --context 'edge-*' sessions kill --profile computer --reason maintenance",
)
# The most frequent first.
_ORDER = (
    *("runs", "sessions", "top", "health", "history"),
    *("drain", "resume", "shutdown", "config", "timeouts", "breakers", "audit"),
    *("test", "check", "context", "explain", "version", "status"),
)


class _Commands(CommandGroup):
    """The commands in our order; typer lists groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=_ORDER.index)


app = App(
    name="householdctl",
    cls=_Commands,
    help="See and control householdd, the household bufferbloat test.",
    epilog=f"{_EXIT_CODES}\n\n{_DATA}\n\n{_EXAMPLES}",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(root)
app.add_typer(runs.app, name="runs")
app.add_typer(sessions.app, name="sessions")
app.command("top", epilog=example("householdctl top", "householdctl top --context 'edge-*' --profile jake"))(top.top)
app.command(
    "health",
    epilog=example(
        "householdctl health",
        "householdctl health -o json | jq .problems",
        "householdctl health --check --warning sessions=800 --critical loop_gap=2s",
    ),
)(health.health)
# The name that other tools use.
app.command("status", hidden=True, epilog=example("householdctl status"))(health.health)
app.add_typer(history.app, name="history")
app.command("drain", epilog=example("householdctl drain --reason upgrade --deadline 60s --wait --yes"))(drain.drain)
app.command("resume", epilog=example("householdctl resume"))(drain.resume)
app.command("shutdown", epilog=example('householdctl shutdown --reason "line card on fire" --yes'))(shutdown.shutdown)
app.add_typer(config.app, name="config")
app.add_typer(timeouts.app, name="timeouts")
app.add_typer(breakers.app, name="breakers")
app.command(
    "audit",
    epilog=example(
        "householdctl audit --since 24h",
        "householdctl audit --actor alice -o json",
        "householdctl audit --file householdd.log -n 20",
    ),
)(audit.audit)
app.command(
    "test",
    epilog=example(
        "householdctl test https://speed.example.net", "householdctl test --download-only --duration 12s -o json"
    ),
)(test.play_test)
app.add_typer(check.app, name="check")
app.add_typer(context.app, name="context")
app.command("explain", epilog=example("householdctl explain sessions", "householdctl explain history reason"))(
    explain.explain
)
app.command("version", epilog=example("householdctl version"))(version.version)
