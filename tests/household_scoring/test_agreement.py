"""The page's scoring against this one, on random runs; both must say the same to 1e-9."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.household_scoring.scoring_calls import difference, evaluate

CLIENT = Path(__file__).parents[2] / "client"
ESBUILD = CLIENT / "node_modules" / ".bin" / "esbuild"
CASES = 600

DRIVER = """
import { readFileSync, writeFileSync } from "node:fs";
const [bundle, source, target] = process.argv.slice(1);
const { evaluate } = await import(bundle);
const results = JSON.parse(readFileSync(source)).map(({ call, args }) => evaluate(call, args));
writeFileSync(target, JSON.stringify(results));
"""

milliseconds = st.one_of(st.floats(0, 40), st.floats(0, 500), st.integers(0, 500), st.floats(0, 1e6))
series = st.one_of(
    st.lists(milliseconds, max_size=12),
    # A long one of few values, as a line with a queue gives it.
    st.lists(st.tuples(milliseconds, st.integers(1, 120)), max_size=4).map(
        lambda runs: [value for value, times in runs for _ in range(times)]
    ),
)
rates = st.one_of(st.just(0.0), st.floats(1e3, 1e9))
directions = st.fixed_dictionaries({"wantedBps": rates, "gotBps": rates})
shares = st.none() | st.floats(0, 1)
activities = st.sampled_from(["gaming", "video_call", "streaming", "bulk_transfer"])


@st.composite
def people(draw: st.DrawFn, load_s: float) -> dict[str, Any]:
    round_trips_ms = draw(series)
    times = sorted(draw(st.lists(st.floats(0, load_s), max_size=12)))
    return {
        "who": "someone",
        "activity": draw(activities),
        "roundTripsMs": round_trips_ms,
        "pingsSent": len(round_trips_ms) + draw(st.integers(0, 20)),
        "download": draw(directions),
        "upload": draw(directions),
        "lossShare": draw(shares),
        "arrivals": [[at_s, draw(st.integers(0, 50_000_000))] for at_s in times],
        "kernelMs": draw(series),
        "receiverLimited": draw(shares),
        "retransmits": draw(st.none() | st.integers(0, 2)),
        "clientLimited": draw(st.booleans()),
    }


@st.composite
def runs(draw: st.DrawFn) -> dict[str, Any]:
    load_s = draw(st.floats(0, 60))
    loaded_ms, repaired_ms, held_ms = draw(series), draw(series), draw(series)
    return {
        "probe": {
            "idleMs": draw(series),
            "loadedMs": loaded_ms,
            "loadedSent": len(loaded_ms) + len(repaired_ms) + len(held_ms) + draw(st.integers(0, 20)),
            "repairedMs": repaired_ms,
            "heldMs": held_ms,
            "kernelIdleMs": draw(series),
        },
        "people": draw(st.lists(people(load_s), max_size=3)),
        "loadS": load_s,
        "circumstances": {
            "tabHidden": draw(st.booleans()),
            "clockJumpMs": draw(milliseconds),
            "clientOverloaded": draw(st.booleans()),
            "serverOverloaded": draw(st.booleans()),
            "serverLimited": draw(st.booleans()),
            "stoppedEarly": draw(st.booleans()),
            "connectionLost": draw(st.booleans()),
        },
    }


connections = st.lists(
    st.lists(st.tuples(milliseconds, milliseconds), max_size=8).map(sorted),
    max_size=4,
)

evidence = st.fixed_dictionaries(
    {
        "baselineMs": st.none() | st.floats(0, 60),
        "loadedP95Ms": st.none() | milliseconds,
        "kernelIdleMs": st.none() | st.floats(0, 60),
        "kernelP95Ms": st.none() | milliseconds,
        "kernelCount": st.integers(90, 110),
        "meansAgree": st.booleans(),
        "lossShare": st.none() | st.floats(0, 0.02),
        "retransmitted": st.none() | st.booleans(),
        "serverLate": st.booleans(),
        "clientLate": st.booleans(),
        "receiverLimited": st.none() | st.floats(0, 0.2),
    }
)

stretches = st.lists(
    st.fixed_dictionaries(
        {
            "stretch": st.sampled_from(["download", "upload", "both"]),
            "valid": st.booleans(),
            "increaseMs": st.none() | milliseconds,
        }
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda each: each["stretch"],
)

calls = st.one_of(
    st.tuples(st.just("attribute"), st.tuples(evidence)),
    st.tuples(st.just("gradedIncrease"), st.tuples(runs())),
    st.tuples(st.just("hurting"), st.tuples(stretches)),
    st.tuples(st.just("worst"), st.tuples(stretches)),
    st.tuples(st.just("tellFates"), st.tuples(connections)),
    st.tuples(st.just("report"), st.tuples(runs())),
    st.tuples(st.just("percentile"), st.tuples(series, st.floats(0, 100))),
    st.tuples(st.just("grade"), st.tuples(milliseconds, milliseconds)),
    st.tuples(st.just("component"), st.tuples(milliseconds, st.floats(0, 100), st.floats(100, 500))),
    st.tuples(st.just("callQuality"), st.tuples(series, shares)),
    st.tuples(st.just("outcome"), st.tuples(activities, series, shares, st.none() | st.floats(0, 2))),
)


def test_the_page_scores_alike(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not ESBUILD.exists():
        pytest.skip(f"node or {ESBUILD} is not there; `make setup` installs them")
    cases: list[dict[str, Any]] = []

    @settings(max_examples=CASES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(calls)
    def collect(call: tuple[str, tuple[Any, ...]]) -> None:
        name, args = call
        cases.append({"call": name, "args": list(args), "result": evaluate(name, list(args))})

    collect()
    bundle, source, target = (tmp_path / name for name in ("calls.mjs", "cases.json", "results.json"))
    source.write_text(json.dumps(cases, allow_nan=False))
    entry = CLIENT / "test" / "core" / "scoring" / "calls.ts"
    subprocess.run(
        [ESBUILD, entry, "--bundle", "--format=esm", "--log-level=warning", f"--outfile={bundle}"], check=True
    )
    subprocess.run([node, "--input-type=module", "--eval", DRIVER, bundle, source, target], check=True)
    results = json.loads(target.read_text())
    assert len(results) == len(cases) >= CASES
    for case, found in zip(cases, results, strict=True):
        # Both ways, because members that only one of them has would not be compared.
        assert difference(found, case["result"]) == "", case
        assert difference(case["result"], found) == "", case
