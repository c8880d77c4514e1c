from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.household_scoring.scoring_calls import CALLS, difference, evaluate, revive

VECTORS = Path(__file__).parents[1] / "vectors" / "scoring"


CASES: dict[str, dict[str, Any]] = {
    f"{path.stem}: {case['call']}: {case['name']}": case
    for path in sorted(VECTORS.glob("*.json"))
    for case in json.loads(path.read_text())["cases"]
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_scoring_agrees_with_the_vectors(case: dict[str, Any]) -> None:
    arguments = revive(case["args"])
    if "error" in case:
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
            evaluate(case["call"], arguments)
        assert str(refused.value) == case["error"]
    else:
        assert difference(evaluate(case["call"], arguments), case["result"]) == ""


def test_every_call_has_a_vector() -> None:
    assert {case["call"] for case in CASES.values()} == set(CALLS)
