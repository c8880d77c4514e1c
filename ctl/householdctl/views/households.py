"""Live households for people and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from household.v1.session_pb2 import Session, SessionState, Verdict
from householdctl.control.households import composition, summary
from householdctl.output.tables import Column
from householdctl.views.sessions import COLUMNS as SESSION_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from householdctl.control.households import Household


def _same(header: str) -> Callable[[Household], str]:
    """Make a session's column one of households."""
    (column,) = (each for each in SESSION_COLUMNS if each.header == header)
    return lambda household: column.text(summary(household.sessions))


COLUMNS: tuple[Column[Household], ...] = (
    Column("RUN", lambda household: household.test_id or "-"),
    Column("ADDRESS", lambda household: household.address),
    Column("PEOPLE", lambda household: composition(household.people) or "-", rank=3),
    Column("PROBES", lambda household: str(len(household.probes)), right=True, rank=6),
    Column("STATE", _same("STATE")),
    Column("VERDICT", _same("VERDICT"), rank=1),
    Column("AGE", _same("AGE"), right=True),
    Column("DOWN", _same("DOWN"), right=True),
    Column("UP", _same("UP"), right=True, rank=2),
    Column("RTT", _same("RTT"), right=True, rank=4),
    Column("SENT", _same("SENT"), right=True, rank=5),
    Column("RECEIVED", _same("RECEIVED"), right=True, wide=True),
    Column("WORKERS", _same("WORKER"), rank=7),
    Column("SESSIONS", lambda household: ", ".join(each.id for each in household.sessions), wide=True),
)


def document(household: Household, *, several: bool) -> dict[str, Any]:
    """``session_ids`` are for sessions kill."""
    whole = summary(household.sessions)
    shown = {
        "test_id": household.test_id,
        "address": household.address,
        "profiles": [session.profile for session in household.sessions],
        "session_ids": [session.id for session in household.sessions],
        "state": SessionState.Name(whole.state),
        "verdict": Verdict.Name(whole.verdict),
        "opened_at": whole.opened_at,
        "age": whole.age,
        "actual_download_bps": whole.actual_download_bps,
        "actual_upload_bps": whole.actual_upload_bps,
        "sent_bytes": str(whole.sent_bytes),
        "received_bytes": str(whole.received_bytes),
        "round_trip": whole.round_trip if whole.HasField("round_trip") else None,
        "server_limited": whole.server_limited,
        "workers": sorted({session.worker for session in household.sessions}),
    }
    return {"target": household.target, **shown} if several else shown


def group_row(household: Household, *, unfolded: bool) -> Session:
    """Show the test id as user and the number of people as profile."""
    row = summary(household.sessions)
    row.id = household.key
    row.user_id = f"{_mark(unfolded=unfolded)} {household.test_id}"
    count = len(household.people)
    row.profile = f"{count} {'person' if count == 1 else 'people'}"
    row.peer_address = household.address
    return row


def probes_row(household: Household, *, unfolded: bool) -> Session:
    row = summary(household.probes)
    row.id = probes_key(household)
    row.user_id = f"  {_mark(unfolded=unfolded)} {len(household.probes)} probes"
    row.profile = household.probes[0].profile
    row.peer_address = household.address
    return row


def probes_key(household: Household) -> str:
    return f"{household.key} probes"


def member_row(session: Session, depth: int) -> Session:
    row = Session()
    row.CopyFrom(session)
    row.user_id = f"{'  ' * depth}{session.user_id}"
    return row


def _mark(*, unfolded: bool) -> str:
    return "-" if unfolded else "+"
