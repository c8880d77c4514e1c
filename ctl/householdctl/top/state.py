"""State of top, and what keys do to it; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from householdctl.output.serialize import Tagged
from householdctl.top.feed import KillRequest, TopSnapshot
from householdctl.top.rows import TopRow, flat_rows, grouped_rows

# With fields of ``order_by``.
ORDERS = {
    "USER": "user_id",
    "PROFILE": "profile",
    "STATE": "state",
    "VERDICT": "verdict",
    "AGE": "age",
    "EVIDENCE": "evidence_age",
    "DOWN": "actual_download_bps",
    "UP": "actual_upload_bps",
    "SENT": "sent_bytes",
    "RTT": "round_trip",
    "WORKER": "worker",
    "PEER": "peer_address",
}
REASON_LIMIT = 200


class Mode(Enum):
    """Meaning of keys."""

    BROWSE = auto()
    FILTER = auto()
    REASON = auto()
    HELP = auto()


@dataclass
class State:
    """Choices of the operator.

    ``selected`` is a row's key. ``grouped`` shows a household as one row, except for ``unfolded``.
    """

    sort_by: str = "DOWN"
    descending: bool = True
    needle: str = ""
    paused: bool = False
    selected: str = ""
    mode: Mode = Mode.BROWSE
    typed: str = ""
    message: str = ""
    quitting: bool = False
    grouped: bool = True
    unfolded: set[str] = field(default_factory=set)
    rows: list[TopRow] = field(default_factory=list)
    page: int = 10
    widest: dict[str, int] = field(default_factory=dict)

    def update(self, snapshot: TopSnapshot) -> None:
        """Select and sort the rows."""
        order = f"{ORDERS[self.sort_by]}{' desc' * self.descending}"
        matching = [each for each in snapshot.sessions if self.needle.casefold() in _words(each)]
        self.rows = grouped_rows(matching, order, self.unfolded) if self.grouped else flat_rows(matching, order)
        if self.rows and self.position is None:
            self.selected = self.rows[0].key

    @property
    def position(self) -> int | None:
        """None if the row is gone."""
        return next((index for index, row in enumerate(self.rows) if row.key == self.selected), None)

    def press(self, key: str) -> KillRequest | None:
        """Return a kill if the key orders one."""
        self.message = ""
        if self.mode is Mode.HELP:
            self.mode = Mode.BROWSE
            return None
        if self.mode is not Mode.BROWSE:
            return self._type(key)
        steps = {"up": -1, "down": 1, "page up": -self.page, "page down": self.page}
        ends = {"home": -len(self.rows), "end": len(self.rows)}
        if key in steps or key in ends:
            self._move(steps.get(key) or ends.get(key, 0))
        elif key in {"left", "<", "right", ">"}:
            self._sort(1 if key in {"right", ">"} else -1)
        else:
            self._command(key)
        return None

    def _command(self, key: str) -> None:
        match key:
            case "q":
                self.quitting = True
            case "r":
                self.descending = not self.descending
            case "p" | " ":
                self.paused = not self.paused
            case "/":
                self.mode, self.typed = Mode.FILTER, self.needle
            case "escape":
                self.needle = ""
            case "g":
                self.grouped = not self.grouped
            case "enter" if (position := self.position) is not None and self.rows[position].folds:
                self.unfolded ^= {self.selected}
            case "k" if self.position is not None:
                self.mode, self.typed = Mode.REASON, ""
            case "?" | "h":
                self.mode = Mode.HELP

    def _type(self, key: str) -> KillRequest | None:
        if key == "escape":
            self.needle = "" if self.mode is Mode.FILTER else self.needle
            self.mode = Mode.BROWSE
            return None
        if key == "enter":
            return self._entered()
        if key == "backspace":
            self.typed = self.typed[:-1]
        elif len(key) == 1 and len(self.typed) < REASON_LIMIT:
            self.typed += key
        if self.mode is Mode.FILTER:
            self.needle = self.typed
        return None

    def _entered(self) -> KillRequest | None:
        mode, self.mode = self.mode, Mode.BROWSE
        if mode is Mode.FILTER:
            return None
        reason, position = self.typed.strip(), self.position
        if not reason:
            self.message = "nothing was killed: a kill needs a reason"
            return None
        if position is None:
            self.message = "nothing was killed: the session is gone"
            return None
        row = self.rows[position]
        ids = tuple(session.id for session in row.sessions)
        return KillRequest(row.target, f"{len(ids)} sessions" if row.folds else ids[0], ids, reason)

    def _move(self, by: int) -> None:
        if self.rows:
            index = min(max((self.position or 0) + by, 0), len(self.rows) - 1)
            self.selected = self.rows[index].key

    def _sort(self, by: int) -> None:
        names = list(ORDERS)
        self.sort_by = names[(names.index(self.sort_by) + by) % len(names)]


def _words(tagged: Tagged) -> str:
    from householdctl.views.sessions import search_text

    return f"{tagged.target} {search_text(tagged.message)}".casefold()
