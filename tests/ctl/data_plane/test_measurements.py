"""Facts of a part of a run, from what its members recorded."""

from __future__ import annotations

from typing import Any, cast

import pytest

from householdctl.data_plane.measurements import Span, computer_facts, person_facts, upload_bps
from householdctl.data_plane.member import HouseholdMember

STRETCH = Span(114.0, 127.0)
BURST_BYTES = 3_125_000
"""Jake's, of a second at 25 Mbit/s."""


def member(who: str, **records: Any) -> HouseholdMember:
    """One whose session was opened at 100 s."""
    activity = {"jake": "streaming", "alex": "gaming"}.get(who, "bulk_transfer")
    return HouseholdMember(who, cast("Any", None), 100.0, activity=activity, **records)


def jake(first_s: float) -> HouseholdMember:
    bursts = [(100.0 + first_s + 5 * each, BURST_BYTES) for each in range(6)]
    return member("jake", arrivals=bursts, wanted_download_bps=5e6)


@pytest.mark.parametrize("first_s", [0.0, 0.5, 1.5, 2.5, 3.9, 4.1])
def test_a_film_in_bursts_has_its_whole_rate_wherever_the_stretch_begins(first_s: float) -> None:
    facts = person_facts(jake(first_s), STRETCH)
    assert (facts.download.wanted_bps, facts.download.got_bps) == (5e6, 5e6)


def test_a_film_goes_on_with_what_was_buffered() -> None:
    (buffered, *later) = person_facts(jake(0.0), STRETCH).arrivals
    # 46.875 s of 4.5 Mbit/s have arrived by 114 s in three bursts, and a second later began the film.
    assert buffered == (0.0, 3 * BURST_BYTES - int(14 * 4.5e6 / 8))
    assert later == [(1.0, BURST_BYTES), (6.0, BURST_BYTES), (11.0, BURST_BYTES)]


def test_what_does_not_play_a_film_has_nothing_buffered() -> None:
    alex = member("alex", arrivals=[(101.0, 5000), (115.0, 1000)], wanted_download_bps=8000.0)
    assert person_facts(alex, STRETCH).arrivals == ((1.0, 1000),)


def test_pings_answers_and_samples_are_those_of_the_stretch() -> None:
    alex = member(
        "alex",
        pings={1: 113.9, 2: 114.0, 3: 126.9, 4: 127.0},
        round_trips={1: 0.1, 2: 0.2, 4: 0.4},
        kernel_ms=[(113.9, 10.0), (114.1, 20.0), (127.1, 30.0)],
    )
    facts = person_facts(alex, STRETCH)
    assert (facts.pings_sent, facts.round_trips_ms, facts.kernel_ms) == (2, (200.0,), (20.0,))


def test_an_upload_is_counted_by_the_servers_clock() -> None:
    backup = member("backup", uploads=[(113.0, 0), (118.0, 1_000_000), (126.0, 5_000_000), (128.0, 9_000_000)])
    assert upload_bps(backup, STRETCH) == 4e6
    assert upload_bps(backup, Span(114.0, 120.0)) == 0.0


def test_the_computers_sessions_are_one_person() -> None:
    down = member("computer", arrivals=[(120.0, 12_500_000)], wanted_download_bps=50e6, wanted_upload_bps=1e5)
    up = member("backup", uploads=[(118.0, 0), (126.0, 5_000_000)], wanted_upload_bps=20e6, client_limited=True)
    facts = computer_facts([down, up], STRETCH)
    assert (facts.who, facts.activity, facts.client_limited) == ("computer", "bulk_transfer", True)
    assert (facts.download.wanted_bps, facts.download.got_bps) == (50e6, 10e6)
    assert (facts.upload.wanted_bps, facts.upload.got_bps) == (20.1e6, 5e6)
    assert computer_facts([up], STRETCH).who == "computer"
