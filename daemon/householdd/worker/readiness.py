"""Readiness for load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from householdd.admission.admission import MAX_DRAIN_RETRY_S, OVERLOAD_RETRY_S, Admission
from householdd.worker.json_rows import RowUnavailableError, Stats

READY_PATH = "/virtual-household/ready"

START_RETRY_S = 2
"""Seconds that a start takes on an idle machine."""


async def readiness(admission: Admission, now: float, stats: Stats) -> Mapping[str, Any]:
    """Return the row ``ready``: true only while a run from a new address would be admitted.

    The state of this worker is checked first, because that of the daemon may be half a second old.
    """
    denial = admission.denies_new_runs(now)
    if denial is not None:
        return _not_ready(denial.cause.value, denial.retry_after)
    try:
        state = (await stats())["state"]
    except RowUnavailableError:
        # A supervisor that does not answer cannot carry out an emergency stop either.
        return _not_ready("overloaded", OVERLOAD_RETRY_S)
    match state:
        case "serving":
            return {"ready": True}
        case "starting":
            return _not_ready("starting", START_RETRY_S)
        case _:
            return _not_ready("draining", MAX_DRAIN_RETRY_S)


def _not_ready(cause: str, retry_after: int | None) -> Mapping[str, Any]:
    return {"ready": False, "cause": cause, "retry_after": retry_after or START_RETRY_S}
