"""What a client may claim of its run; nothing else is taken, whatever comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from household_scoring.grade import Grade
from householdd.measure import run_report as core
from householdd.measure.run_report import MAX_POINTS, ClientRunReport
from householdd.session import messages
from tests.run_reports import latency, run_report, stretch

ALEX = run_report()["people"][0]
THREE = [stretch("download", 10, 18), stretch("upload", 23, 490), stretch("both", 36, 460)]


def decoded(report: dict[str, Any]) -> ClientRunReport:
    message = messages.decode(json.dumps(report).encode())
    assert isinstance(message, ClientRunReport)
    return message


def test_a_report_is_read_and_written_back_as_it_was() -> None:
    report = decoded(run_report())
    assert core.decode(core.encode(report)) == report
    assert report.valid
    assert report.increase_p95_ms == 40


def test_the_grade_is_the_servers_own() -> None:
    assert decoded(run_report()).grade is Grade.B
    assert decoded(run_report(loaded=latency(10, 11))).grade is Grade.A_PLUS
    with pytest.raises(messages.WireError, match="unknown field `grade`"):
        decoded(run_report(grade="A+"))


def test_without_figures_there_is_no_grade() -> None:
    nothing = {"count": 0, "p50_ms": None, "p95_ms": None, "p99_ms": None, "jitter_ms": None}
    report = decoded(run_report(loaded=nothing, invalid=["too_few_samples"]))
    assert (report.grade, report.increase_p95_ms, report.valid) == (None, None, False)
    assert decoded(run_report(baseline_ms=None)).grade is None


FULL = {**ALEX, "mos": 4.21, "stall_s": 1.25, "rendition": "medium", "qoo": 98.76, "percentiles_ms": [123.45] * 10}
"""A person with all that a page sends."""


def test_the_longest_timeline_fits_into_a_text_message() -> None:
    # What a page sends: whole bit/s, tenths of a millisecond, a household of five and four phases.
    points = [[index / 4, 1234.5, 987_654_321, 123_456_789] for index in range(MAX_POINTS)]
    people = [{**FULL, "who": f"person-{index}"} for index in range(5)]
    phases = run_report()["phases"] * 2
    text = json.dumps(run_report(timeline=points, people=people, phases=phases), separators=(",", ":")).encode()
    assert len(text) <= messages.MAX_TEXT_BYTES
    assert isinstance(messages.decode(text), ClientRunReport)


def test_three_stretches_fit_with_a_shorter_timeline() -> None:
    points = [[index / 2, 1234.5, 987_654_321, 123_456_789] for index in range(MAX_POINTS // 2)]
    people = [{**FULL, "who": f"person-{index}"} for index in range(5)]
    three = [{**each, "people": people} for each in THREE]
    text = json.dumps(run_report(timeline=points, people=people, stretches=three), separators=(",", ":")).encode()
    assert len(text) <= messages.MAX_TEXT_BYTES
    assert isinstance(messages.decode(text), ClientRunReport)


def test_a_stretch_alone_is_a_report_with_its_figures_and_the_idle_line_of_the_run() -> None:
    report = decoded(run_report(stretches=THREE))
    download, upload, _ = (report.only(each) for each in report.stretches)
    assert (download.grade, upload.grade) == (Grade.A, Grade.F)
    assert (upload.increase_p95_ms, upload.load_s, upload.idle) == (480, 13, report.idle)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ended_at": -1}, r"`\$\.ended_at`"),
        ({"ended_at": "now"}, r"`\$\.ended_at`"),
        ({"client": {"kind": "curl", "version": "1"}}, r"`\$\.client\.kind`"),
        ({"client": {"kind": "page", "version": "<b>"}}, r"`\$\.client\.version`"),
        ({"client": {"kind": "page", "version": "1\n"}}, r"`\$\.client\.version`"),
        ({"load_s": 1e300}, r"`\$\.load_s`"),
        ({"phases": [{"name": "idle", "from_s": 2, "until_s": 1}]}, r"`\$\.phases\[\d\]`"),
        ({"phases": [{"name": "party", "from_s": 2, "until_s": 1}]}, r"`\$\.phases\[\d\]\.name`"),
        ({"phases": run_report()["phases"] * 5}, r"`\$\.phases`"),
        ({"idle": latency(20, 10)}, "at most p95_ms"),
        ({"idle": latency(20, count=0)}, "else null"),
        ({"idle": {**latency(20), "p50_ms": None}}, "else null"),
        ({"invalid": ["bored"]}, r"`\$\.invalid\[\d\]`"),
        ({"loss_share": 1.5}, r"`\$\.loss_share`"),
        ({"people": []}, r"`\$\.people`"),
        ({"people": [ALEX, ALEX]}, "one entry for each who"),
        ({"people": [{**ALEX, "who": "Robert'); DROP TABLE run;--"}]}, r"`\$\.people\[\d\]\.who`"),
        ({"people": [{**ALEX, "verdict": "verdict.gaming.excellent\n"}]}, r"`\$\.people\[\d\]\.verdict`"),
        ({"people": [{**ALEX, "score": 101}]}, r"`\$\.people\[\d\]\.score`"),
        ({"people": [{**ALEX, "band": "so-so"}]}, r"`\$\.people\[\d\]\.band`"),
        ({"people": [{**ALEX, "note": "x"}]}, "unknown field `note`"),
        ({"people": [{**ALEX, "rendition": "8K"}]}, r"`\$\.people\[\d\]\.rendition`"),
        ({"people": [{**ALEX, "qoo": 101}]}, r"`\$\.people\[\d\]\.qoo`"),
        ({"people": [{**ALEX, "percentiles_ms": [1, 2]}]}, "no or 10 elements"),
        ({"people": [{**ALEX, "percentiles_ms": list(range(9, -1, -1))}]}, "in ascending order"),
        ({"timeline": [[0, 1, 2, 3]] * (MAX_POINTS + 1)}, r"`\$\.timeline`"),
        ({"timeline": [[1, 1, 2, 3], [0, 1, 2, 3]]}, "in order of time"),
        ({"timeline": [[1, 1, 2, 3, 4]]}, "at most length 4"),
        ({"timeline": [[1, 1, 2]]}, r"`\$\.timeline\[\d\]`"),
        ({"warm_up_mbps": -1}, r"`\$\.warm_up_mbps`"),
        ({"single_connection_mbps": -1}, r"`\$\.single_connection_mbps`"),
        ({"connections": 0}, r"`\$\.connections`"),
        ({"connections": 9}, r"`\$\.connections`"),
        ({"connections": 1.5}, r"`\$\.connections`"),
        ({"stretches": THREE[:1] * 2}, "one entry for each stretch"),
        ({"stretches": THREE[::-1]}, "in order of time, and must not overlap"),
        ({"stretches": [THREE[0], stretch("both", 22, 460)]}, "must not overlap"),
        ({"stretches": [*THREE, stretch("both", 49, 460)]}, r"`\$\.stretches`"),
        ({"stretches": [stretch("sideways", 10, 18)]}, r"`\$\.stretches\[\d\]\.stretch`"),
        ({"stretches": [stretch("upload", 10, 18, until_s=9)]}, r"until_s must be at least from_s - at `\$\.stretches"),
        (
            {"stretches": [stretch("upload", 10, 18, people=[ALEX, ALEX])]},
            r"one entry for each who - at `\$\.stretches",
        ),
        ({"stretches": [stretch("upload", 10, 18, people=[])]}, r"`\$\.stretches\[\d\]\.people`"),
        ({"stretches": [stretch("upload", 10, 18, grade="A")]}, "unknown field `grade`"),
        ({"stretches": [stretch("upload", 10, 18, loaded=latency(20, 10))]}, "at most p95_ms"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(messages.WireError, match=problem):
        decoded(run_report(**change))


@pytest.mark.parametrize("field", [each for each in run_report() if each not in ("type", "timeline")])
def test_every_figure_is_needed(field: str) -> None:
    report = run_report()
    del report[field]
    with pytest.raises(messages.WireError, match=f"required field `{field}`"):
        decoded(report)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def tampered(draw: st.DrawFn) -> dict[str, Any]:
    """A good report in which something, somewhere, is something else."""
    report = json.loads(json.dumps(run_report(stretches=THREE)))
    place: Any = report
    while True:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from([each for each in keys if each != "type"]))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(JSON)
        return report  # type: ignore[no-any-return]  # JSON of a dict is one


@given(tampered())
def test_a_tampered_report_is_refused_or_is_one_that_can_be_kept(report: dict[str, Any]) -> None:
    text = json.dumps(report).encode()
    try:
        message = messages.decode(text)
    except messages.WireError as error:
        assert str(error)  # noqa: PT017 - most are refused, some are read
        return
    assert isinstance(message, ClientRunReport)
    kept = core.encode(message)
    assert core.decode(kept) == message
    # Whatever is kept can be shown as it is: no markup, no control characters, nothing that is not a number.
    assert not set(kept.decode()) & set("<>&'\\\n\0")
