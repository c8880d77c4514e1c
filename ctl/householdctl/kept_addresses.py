"""Notes on what the history keeps of addresses, for those who look for one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from householdctl.terminal import note

if TYPE_CHECKING:
    from collections.abc import Sequence

_ADDRESS = re.compile(r"\baddress\s*!?=")
_LISTED = 3


def note_what_is_kept(query: str, addresses: Sequence[str], kind: str) -> None:
    """Say that nothing matched, or that more did than was asked for because addresses are kept truncated.

    ``addresses`` are those of the rows that matched the filter ``query``.
    """
    asked = _ADDRESS.search(query) is not None
    if not addresses:
        hint = '; there are no addresses where [history] has addresses = "none"' if asked else ""
        note(f"no {kind} matches{hint}" if query.strip() else f"no {kind} is in the history")
        return
    networks = list(dict.fromkeys(address for address in addresses if "/" in address))
    if asked and networks:
        more = ", ..." * (len(networks) > _LISTED)
        note(f"addresses are kept truncated: these rows are of all clients in {', '.join(networks[:_LISTED])}{more}")
