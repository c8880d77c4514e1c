from __future__ import annotations

import pytest

from householdd.shared.sketch import ROWS, WIDTH, Cells, Sketch, Window, cells_of, least

SECRET = bytes(range(16))
KEY, OTHER = cells_of(b"key", SECRET), cells_of(b"other", SECRET)


@pytest.fixture
def sketch() -> Sketch:
    return Sketch(memoryview(bytearray(Sketch.SIZE)), 0)


@pytest.fixture
def window() -> Window:
    return Window(memoryview(bytearray(Window.SIZE)), 0, 10.0)


def count(sketch: Sketch, cells: Cells) -> float:
    return least([(sketch, 1.0)], cells)


def test_a_key_has_a_counter_in_each_row() -> None:
    assert [cell // WIDTH for cell in KEY] == list(range(ROWS))
    assert cells_of(b"key", SECRET) == KEY
    assert cells_of(b"key", bytes(16)) != KEY


def test_counts_go_up_and_down_within_16_bits(sketch: Sketch) -> None:
    sketch.add(KEY, 3)
    sketch.add(KEY, -1)
    assert count(sketch, KEY) == 2
    sketch.add(KEY, -5)
    assert count(sketch, KEY) == 0
    sketch.add(KEY, 70_000)
    assert count(sketch, KEY) == 65_535


def test_a_collision_in_one_row_changes_no_count(sketch: Sketch) -> None:
    collides = [KEY[0], *OTHER[1:]]
    sketch.add(KEY, 2)
    sketch.add(collides, 5)
    assert count(sketch, KEY) == 2


def test_a_key_can_be_reset_alone_and_with_all(sketch: Sketch) -> None:
    for cells in (KEY, OTHER):
        sketch.add(cells, 4)
    sketch.reset(KEY)
    assert (count(sketch, KEY), count(sketch, OTHER)) == (0, 4)
    sketch.clear()
    assert count(sketch, OTHER) == 0


@pytest.mark.parametrize(("now", "seen"), [(100.0, 2), (109.0, 2), (112.5, 1.5), (117.5, 0.5), (120.0, 0), (200.0, 0)])
def test_a_window_slides(window: Window, now: float, seen: float) -> None:
    for at in (101.0, 105.0):
        window.add(KEY, at)
    assert least(window.weighted(now), KEY) == pytest.approx(seen)


def test_a_window_adds_up_both_of_its_sketches(window: Window) -> None:
    window.add(KEY, 105.0)
    window.add(KEY, 111.0)
    assert least(window.weighted(112.5), KEY) == pytest.approx(0.75 + 1)
