from __future__ import annotations

from householdd.measure.kernel_witness import MAX_SAMPLES, MAX_UNTOLD, SAMPLE_INTERVAL_S, KernelWitness


def sampled(*milliseconds: float, every_s: float = 1.0) -> KernelWitness:
    """Readings, each after one more acknowledgement; a second apart each is a sample of its own."""
    witness = KernelWitness()
    witness.add(0.0, 1, 0)
    for index, each in enumerate(milliseconds, 1):
        witness.add(index * every_s, round(each * 1e3), index)
    return witness


def test_a_sample_is_the_mean_of_a_quarter_of_a_second() -> None:
    assert sampled(10, 20, 30, 40, 50, 60, every_s=SAMPLE_INTERVAL_S).untold() == [10, 15, 20, 25, 30, 40]


def test_round_trips_that_swing_with_the_portions_of_an_upload_are_as_long_as_their_mean() -> None:
    """As on 5 Mbit/s up, where acknowledgements of 0.25 s come at once."""
    swinging = [160, 230, 290, 360, 410] * 40
    figures = sampled(*swinging, every_s=SAMPLE_INTERVAL_S).figures()
    assert (figures.p50_ms, figures.p95_ms) == (290, 290)


def test_a_reading_counts_once_something_more_was_acknowledged() -> None:
    witness = sampled(20, 30)
    witness.add(3.0, 30_000, 2)
    assert witness.count == 2
    witness.add(4.0, 40_000, 3)
    assert witness.count == 3


def test_the_first_reading_only_shows_what_was_acknowledged_before() -> None:
    witness = KernelWitness()
    witness.add(0.0, 20_000, 7)
    assert witness.count == 0


def test_a_kernel_without_the_count_has_no_witness() -> None:
    witness = KernelWitness()
    for index in range(10):
        witness.add(index * 0.05, 20_000, 0)
    assert witness.count == 0


def test_percentiles_are_those_of_the_samples() -> None:
    figures = sampled(*range(1, 101)).figures()
    assert (figures.count, figures.p50_ms, figures.p95_ms, figures.p99_ms) == (100, 50, 95, 99)


def test_figures_are_of_the_time_before_a_moment() -> None:
    witness = sampled(*[10] * 20, *[200] * 80)
    assert witness.figures(until=20.5).p95_ms == 10
    assert witness.figures(until=0.0).count == 0
    assert witness.figures().p95_ms == 200


def test_samples_are_cut_to_a_span() -> None:
    samples = sampled(*[10] * 20, *[200] * 80, *[30] * 20).samples()
    spans = [samples.figures(*span) for span in ((0, 20.5), (20.5, 100.5), (100.5, 1e3), (1e3, 2e3))]
    assert [(each.count, each.p95_ms) for each in spans] == [(20, 10), (80, 200), (20, 30), (0, None)]


def test_each_sample_is_told_once() -> None:
    witness = sampled(20.123, 30)
    assert witness.untold() == [20.12, 30]
    assert witness.untold() == []
    witness.add(4.0, 40_000, 3)
    assert witness.untold() == [40]


def test_a_message_has_a_bounded_number_of_samples() -> None:
    witness = sampled(*range(1, MAX_UNTOLD + 50))
    assert witness.untold() == [float(each) for each in range(50, MAX_UNTOLD + 50)]
    assert witness.untold() == []


def test_a_session_of_any_length_keeps_a_bounded_number_of_samples() -> None:
    assert sampled(*[20] * (MAX_SAMPLES + 10)).count == MAX_SAMPLES
