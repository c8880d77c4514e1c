"""Screen of top: head with daemons and workers, sessions, line for keys and messages."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from householdctl.output.tables import Table, style, with_target
from householdctl.output.terminal import printable
from householdctl.top.state import Mode
from householdctl.values.enums import short_name
from householdctl.values.units import format_age, format_bytes, format_rate, format_round_trip, seconds
from householdctl.views import sessions as session_views

if TYPE_CHECKING:
    from collections.abc import Iterable

    from household.v1.server_service_pb2 import Worker
    from householdctl.daemon.health import Health
    from householdctl.top.feed import TopSnapshot
    from householdctl.top.state import State

_STALE_S = 3.0

HELP = """\
up, down, page up, page down   select a household or session
enter                          unfold the selected household, or its probes; fold it again
g                              show sessions one by one; group them by household again
left, right or < >             sort by the column before or after
r                              reverse the order
/                              filter: what the user, profile, state, verdict, peer, worker or id contains
escape                         no filter
k                              kill the selected session, or all of the household; asks for a reason
p or space                     pause, continue
? or h                         this help
q or Ctrl-C                    quit

any key returns"""


def draw(snapshot: TopSnapshot, state: State, width: int, height: int) -> Text:
    """Return ``height`` lines of at most ``width`` characters."""
    head = _head(snapshot, state)
    if state.mode is Mode.HELP:
        body = [Text(line) for line in HELP.splitlines()]
    else:
        body = _sessions(snapshot, state, width, height - len(head) - 2)
    lines = [*head, Text(), *body][: height - 1]
    lines += [Text()] * (height - 1 - len(lines))
    lines.append(_foot(snapshot, state))
    for line in lines:
        line.truncate(width)
    return Text("\n").join(lines)


def _head(snapshot: TopSnapshot, state: State) -> list[Text]:
    from household.v1.session_pb2 import SessionState, Verdict

    sessions = [tagged.message for tagged in snapshot.sessions]
    trips = [seconds(session.round_trip) for session in sessions if session.HasField("round_trip")]
    servers = [health.server for _, health in snapshot.daemons]
    latency = f"{format_round_trip(statistics.median(trips))}, most {format_round_trip(max(trips))}" if trips else "-"
    age = time.time() - snapshot.at
    clock = time.strftime("%H:%M:%S", time.localtime(snapshot.at))
    note = "  PAUSED" if state.paused else f"  {format_age(age)} old" if age > _STALE_S else ""
    lines = [
        Text.assemble(("householdctl top", "bold"), f"  {clock}", (note, "yellow")),
        Text.assemble(
            ("sessions ", "bold"),
            str(len(sessions)),
            *_counts(short_name(SessionState, each.state) for each in sessions),
            ("   verdicts", "bold"),
            *_counts(short_name(Verdict, each.verdict) for each in sessions if each.verdict),
        ),
        Text.assemble(
            ("down ", "bold"),
            format_rate(sum(server.download_bps for server in servers)),
            ("   up ", "bold"),
            format_rate(sum(server.upload_bps for server in servers)),
            ("   round trip ", "bold"),
            latency,
        ),
    ]
    for target, health in snapshot.daemons:
        lines += _daemon(target, health, several=snapshot.several)
    return lines + [Text(printable(failure), style="red") for failure in snapshot.failures]


def _daemon(target: str, health: Health, *, several: bool) -> list[Text]:
    from household.v1.server_service_pb2 import ServerState

    server = health.server
    line = Text.assemble(
        (printable(target if several else server.hostname), "bold"),
        "  ",
        _word(short_name(ServerState, server.state)),
        f"  {server.sessions} sessions  up {format_age(seconds(server.uptime))}  {server.version}",
    )
    if server.drain_reason:
        line.append(f"  {printable(server.drain_reason)}", "yellow")
    return [line] if several else [line, *map(_worker, server.workers)]


def _worker(worker: Worker) -> Text:
    from household.v1.server_service_pb2 import WorkerState

    loop = worker.control_loop
    return Text.assemble(
        f"  worker {worker.name}  ",
        _word(short_name(WorkerState, worker.state)),
        f"  {worker.census.sessions} sessions  loop {format_round_trip(seconds(loop.last_pass))}"
        f"  longest gap {format_age(seconds(loop.longest_gap))}  slow passes {loop.slow_passes}"
        f"  restarts {worker.restarts}  memory {format_bytes(worker.census.resident_bytes)}",
    )


def _word(word: str) -> tuple[str, str]:
    return word, style(word)


def _counts(names: Iterable[str]) -> list[Text]:
    return [Text.assemble("  ", _word(name), f" {count}") for name, count in sorted(Counter(names).items())]


def _sessions(snapshot: TopSnapshot, state: State, width: int, height: int) -> list[Text]:
    if not state.rows:
        return [Text("no session matches the filter" if snapshot.sessions else "no sessions", style="dim")]
    # One line is for the header.
    state.page = max(height - 1, 1)
    position = state.position or 0
    first = min(max(position - state.page // 2, 0), max(len(state.rows) - state.page, 0))
    rows = state.rows[first : first + state.page]
    columns = with_target(session_views.TOP_COLUMNS)
    lines = Table(columns if snapshot.several else columns[1:], rows).lines(width=width, widest=state.widest)
    _mark_order(lines[0], state)
    lines[position - first + 1].stylize("reverse")
    return lines


def _mark_order(header: Text, state: State) -> None:
    header.stylize("underline")
    header.highlight_words([state.sort_by], style="reverse")


def _foot(snapshot: TopSnapshot, state: State) -> Text:
    match state.mode:
        case Mode.FILTER:
            return Text.assemble(("filter: ", "bold"), state.typed, "_  ", ("enter keeps it, escape clears it", "dim"))
        case Mode.REASON:
            return Text.assemble(
                (f"kill {printable(_selected_user(state))}, reason: ", "bold red"),
                state.typed,
                "_  ",
                ("enter kills, escape does not", "dim"),
            )
    if state.message:
        return Text(printable(state.message), style="bold")
    shown = f"{len(state.rows)} of {len(snapshot.sessions)} shown  filter: {state.needle}  " if state.needle else ""
    order = f"{'most' if state.descending else 'least'} {state.sort_by} first"
    keys = "enter unfold  k kill  / filter  < > sort  r reverse  g group  p pause"
    # The line is cut at its end.
    return Text(f"q quit  ? help   {shown}{order}   {keys}", style="dim")


def _selected_user(state: State) -> str:
    position = state.position
    if position is None:
        return state.selected
    row = state.rows[position]
    user = row.message.user_id.strip(" +-")
    return f"{user} ({len(row.sessions)} sessions)" if row.folds else f"{user} ({row.sessions[0].id})"
