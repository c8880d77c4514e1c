from __future__ import annotations

from collections.abc import Mapping

import pytest

from household_filters.fields import HISTORY_FIELDS, LIVE_FIELDS, RUN_FIELDS, FieldSpec, named


@pytest.mark.parametrize("fields", [LIVE_FIELDS, HISTORY_FIELDS, RUN_FIELDS])
def test_every_field_has_a_sentence_and_an_example(fields: Mapping[str, FieldSpec]) -> None:
    for name, field in fields.items():
        assert field.example.startswith(f"{name} ")
        assert field.meaning.endswith(".")
        assert bool(field.words) is (field.kind.name == "WORD")


def test_a_field_is_found_by_its_name() -> None:
    assert named("worker", LIVE_FIELDS) is LIVE_FIELDS["worker"]
    with pytest.raises(ValueError, match=r"colour.*worker"):
        named("colour", LIVE_FIELDS)


def test_a_word_may_be_spelt_as_tables_print_it() -> None:
    grade = RUN_FIELDS["grade"]
    assert grade.value("A+", exact=False, now=0.0) == grade.value("a_plus", exact=False, now=0.0) == "a_plus"
