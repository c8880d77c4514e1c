"""Request targets, well formed and not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.config.profiles import read_profiles
from householdd.http.headers import path_of
from householdd.traffic.profiles import PROBE
from householdd.worker.request_target import SESSION_PATH, TargetError, session_target

PROFILES = read_profiles(None)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126)))
def test_any_target_is_read_or_refused(words: str) -> None:
    path_of(words)
    try:
        target = session_target(SESSION_PATH + words, PROFILES)
    except TargetError:
        return
    assert target.profile.key in (*PROFILES.by_key, PROBE.key)
    assert len(target.test_id) <= 64


@pytest.mark.parametrize(
    ("query", "wish"),
    [("", None), ("?throughput=", None), ("?throughput=auto", None), ("?throughput=2.5", 2.5), ("?x=1", None)],
)
def test_the_wish_is_a_number_or_nothing(query: str, wish: float | None) -> None:
    assert session_target(f"{SESSION_PATH}alex{query}", PROFILES).throughput == wish


@pytest.mark.parametrize(
    ("target", "parallel"),
    [
        ("computer?parallel=1", True),
        ("downloader?parallel=1", True),
        ("backup?parallel=1", True),
        ("computer", False),
        ("computer?parallel=2", False),
        ("computer?parallel=1&parallel=1", False),
        ("sarah?parallel=1", False),
        ("probe?parallel=1", False),
    ],
)
def test_what_is_bulk_may_be_parallel(target: str, parallel: bool) -> None:
    assert session_target(f"{SESSION_PATH}{target}", PROFILES).parallel is parallel


def test_a_label_of_65_characters_is_too_long() -> None:
    assert session_target(f"{SESSION_PATH}alex_{'x' * 64}", PROFILES).test_id == "x" * 64
    with pytest.raises(TargetError, match="unknown user"):
        session_target(f"{SESSION_PATH}alex_{'x' * 65}", PROFILES)
    with pytest.raises(TargetError, match="1 to 64 letters"):
        session_target(f"{SESSION_PATH}alex?test_id={'x' * 65}", PROFILES)
