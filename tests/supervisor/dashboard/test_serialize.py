from __future__ import annotations

import pytest

from household.v1 import history_service_pb2 as pb
from householdd.supervisor.dashboard.serialize import runs
from householdd.supervisor.history import messages
from tests.storage import samples


@pytest.mark.parametrize(
    ("fields", "increase", "cause"),
    [
        ({}, 0.04, "line"),
        (
            {"increase_p95_ms": 900.0, "witness": "kernel", "kernel_increase_p95_ms": 3.0, "cause": "device"},
            0.003,
            "device",
        ),
        (samples.OLDER, 0.04, None),
        ({"increase_p95_ms": None, **samples.OLDER}, None, None),
    ],
)
def test_a_run_shows_the_increase_that_its_grade_rests_on(
    fields: dict[str, object], increase: float | None, cause: str | None
) -> None:
    (shown,) = runs(pb.ListRunsResponse(runs=[messages.run(samples.run(1, **fields))]), None)
    assert (shown["increase"], shown["cause"]) == (increase, cause)
