from __future__ import annotations

import pytest

from householdctl.data_plane.upload_pacer import UploadPacer


def _request(target_bytes: int, chunk_bytes: int = 1000) -> dict[str, object]:
    return {"target_bytes": target_bytes, "optimal_chunk_size": chunk_bytes, "duration_ms": 250}


def test_chunks_are_spread_over_the_given_time() -> None:
    pacer = UploadPacer()
    pacer.accept(_request(4500), 100.0)
    sent = []
    while pacer.pending_bytes > 0:
        sent.append((pacer.due_at, pacer.take()))
    assert [size for _, size in sent] == [1000, 1000, 1000, 1000, 500]
    assert [at - 100.0 for at, _ in sent] == pytest.approx([0.0, 0.0556, 0.1111, 0.1667, 0.2222], abs=1e-4)


def test_a_request_that_comes_early_loses_nothing() -> None:
    pacer = UploadPacer()
    pacer.accept(_request(5000), 0.0)
    assert sum(pacer.take() for _ in range(4)) == 4000
    pacer.accept(_request(5000), 0.19)
    assert pacer.pending_bytes == 6000
    assert pacer.due_at == 0.19


def test_after_a_stall_at_most_one_request_is_made_up_for() -> None:
    pacer = UploadPacer()
    for each in range(40):
        pacer.accept(_request(5000), each * 0.25)
    assert pacer.pending_bytes == 10_000


def test_no_chunk_exceeds_what_a_server_takes() -> None:
    pacer = UploadPacer()
    pacer.accept(_request(10_000_000, 10_000_000), 0.0)
    assert pacer.take() == 256 * 1024


def test_what_is_pending_can_be_dropped() -> None:
    pacer = UploadPacer()
    pacer.accept(_request(5000), 0.0)
    pacer.take()
    pacer.clear()
    assert pacer.take() == 0


def test_nothing_is_due_without_a_request() -> None:
    pacer = UploadPacer()
    assert pacer.pending_bytes == 0
    assert pacer.take() == 0
