from __future__ import annotations

from householdd.admission.run_index import MAX_RUNS, MAX_SESSIONS_PER_RUN, WINDOW_S, RunIndex

HOME = ("a1b2", "192.0.2.7")
NOW = 1000.0


def test_sessions_belong_to_their_run_whichever_comes_first() -> None:
    index = RunIndex()
    assert index.ended(HOME, "before", NOW - 30, NOW) is None
    assert index.reported(HOME, "run", NOW + 1) == ("before",)
    assert index.ended(HOME, "after", NOW - 30, NOW + 2) == "run"


def test_another_host_or_another_test_id_is_another_household() -> None:
    index = RunIndex()
    index.ended(HOME, "session", NOW - 30, NOW)
    assert index.reported(("a1b2", "192.0.2.8"), "run", NOW) == ()
    assert index.reported(("c3d4", "192.0.2.7"), "run", NOW) == ()


def test_a_test_id_that_is_used_again_is_another_run() -> None:
    index = RunIndex()
    index.ended(HOME, "first", NOW - 30, NOW)
    index.reported(HOME, "run", NOW + 1)
    assert index.ended(HOME, "second", NOW + 2, NOW + 32) is None
    assert index.reported(HOME, "another", NOW + 33) == ("second",)


def test_without_a_test_id_nothing_belongs_together() -> None:
    index = RunIndex()
    index.ended(("", "192.0.2.7"), "session", NOW - 30, NOW)
    assert index.reported(("", "192.0.2.7"), "run", NOW) == ()
    assert index.ended(("", "192.0.2.7"), "another", NOW - 30, NOW) is None


def test_what_is_long_ago_is_forgotten() -> None:
    index = RunIndex()
    index.ended(HOME, "session", NOW - 30, NOW)
    assert index.reported(HOME, "run", NOW + WINDOW_S) == ()
    assert index.ended(HOME, "late", NOW - 30, NOW + 2 * WINDOW_S) is None


def test_a_flood_pushes_out_the_oldest_only() -> None:
    index = RunIndex()
    for count in range(MAX_SESSIONS_PER_RUN + 1):
        index.ended(HOME, str(count), NOW - 30, NOW)
    for count in range(MAX_RUNS - 1):
        index.ended((f"flood{count}", "203.0.113.9"), "x", NOW - 30, NOW)
    assert len(index.reported(HOME, "run", NOW)) == MAX_SESSIONS_PER_RUN
    index.ended(("one", "more"), "x", NOW - 30, NOW)
    index.ended(("and", "another"), "x", NOW - 30, NOW)
    assert index.reported(HOME, "run", NOW) == ()
