"""Sessions as messages of the control API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from household.v1 import session_pb2 as pb
from householdd.api.convert import duration, timestamp


def session(**fields: Any) -> pb.Session:
    """Return a session; ``fields`` replace those of the sample."""
    sample: dict[str, Any] = {
        "id": "6f1e7a52-0000-4000-8000-000000000001",
        "user_id": "jake_42",
        "test_id": "42",
        "profile": "jake",
        "state": pb.SESSION_STATE_ACTIVE,
        "peer_address": "192.0.2.7:51234",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "opened_at": timestamp(1_700_000_000.25),
        "age": duration(90),
        "evidence_age": duration(0.75),
        "evidence_kind": pb.EVIDENCE_KIND_PONG,
        "sent_bytes": 1_000_000,
        "received_bytes": 2_000,
        "actual_download_bps": 5e6,
        "actual_upload_bps": 1e5,
        "round_trip": duration(0.02),
        "probe_failures": 1,
        "verdict": pb.VERDICT_FROZEN,
        "answer_age": duration(4.5),
        "worker": "0",
    }
    return pb.Session(**{**sample, **fields})


@st.composite
def houses(draw: st.DrawFn) -> list[pb.Session]:
    """Sessions with equal values in many fields, except the id."""
    ids = draw(st.lists(st.integers(0, 2**128 - 1), unique=True, max_size=12))
    return [
        session(
            id=str(UUID(int=each)),
            user_id=draw(st.sampled_from(["alex_1", "alex_2", "Jake_1", "zoë"])),
            profile=draw(st.sampled_from(["alex", "jake"])),
            sent_bytes=draw(st.integers(0, 3) | st.just(2**63)),
            actual_download_bps=draw(st.sampled_from([0.0, 0.1, 1e9 / 3])),
            opened_at=timestamp(draw(st.floats(1.7e9, 1.7e9 + 2))),
            round_trip=duration(draw(st.sampled_from([0, 0.05]))),
            state=draw(st.sampled_from([pb.SESSION_STATE_ACTIVE, pb.SESSION_STATE_QUIET])),
        )
        for each in ids
    ]
