from __future__ import annotations

from householdd.shared.used_tokens import ROW_SLOTS, ROWS, UsedTokens, size

RUN, OTHER = b"a run", b"another"


def of(workers: int) -> list[UsedTokens]:
    memory = memoryview(bytearray(size(workers)))
    return [UsedTokens(memory, worker, b"secret") for worker in range(workers)]


def test_a_token_is_for_the_first_run_that_shows_it_at_any_worker() -> None:
    one, two = of(2)
    assert two.is_free("t", OTHER, 100)
    assert one.claim("t", RUN, 160, 100)
    for worker in (one, two):
        assert worker.is_free("t", RUN, 100)
        assert worker.claim("t", RUN, 160, 101)
        assert not worker.is_free("t", OTHER, 101)
        assert not worker.claim("t", OTHER, 160, 101)
        assert worker.is_free("another", OTHER, 101)


def test_it_is_remembered_until_it_expires() -> None:
    one, two = of(2)
    assert one.claim("t", RUN, 159.5, 100)
    assert not two.is_free("t", OTHER, 159)
    assert two.is_free("t", OTHER, 160)


def test_of_two_runs_at_the_same_moment_at_most_one_has_it() -> None:
    one, two = of(2)
    looked = two._runs

    def late(digest: bytes, now: float) -> set[bytes]:
        two._runs = looked  # type: ignore[method-assign]
        seen = looked(digest, now)
        assert one.claim("t", RUN, 160, 100)
        return seen

    two._runs = late  # type: ignore[method-assign]
    assert not two.claim("t", OTHER, 160, 100)
    assert one.is_free("t", RUN, 100)
    assert not one.is_free("t", OTHER, 100)


def test_without_room_nobody_is_let_in_until_something_expires() -> None:
    (one,) = of(1)
    # More than a row has room for come together in one row well before all rows are full.
    claims = [one.claim(str(number), RUN, 160, 100) for number in range(ROWS * ROW_SLOTS // 2)]
    full = [str(number) for number, claimed in enumerate(claims) if not claimed]
    assert full
    assert all(one.is_free(token, RUN, 100) for token in full)
    assert one.claim(full[0], RUN, 300, 161)
