from __future__ import annotations

import pytest

from householdd.http.contrast import ratio


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        # The greys next to the bound of 4.5 on white, as every contrast checker gives them.
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_the_ratio_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert ratio(one, other) == pytest.approx(expected, abs=0.005)
    assert ratio(other, one) == ratio(one, other)
