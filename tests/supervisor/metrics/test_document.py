"""docs/metrics.md shows every metric as it is."""

from __future__ import annotations

from pathlib import Path

from householdd.api.metric_families import FAMILIES

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"


def table() -> str:
    """What the document has to say; copy it from the failure of the test."""
    rows = [
        f"| `{family.name}` | {family.kind.value} | {', '.join(f'`{label}`' for label in family.all_labels) or '-'} "
        f"| {family.help} |"
        for family in FAMILIES.values()
    ]
    return "\n".join(("| name | type | labels | meaning |", "|---|---|---|---|", *rows))


def test_the_document_has_every_metric() -> None:
    assert DOCUMENT.read_text().partition("## All metrics\n\n")[2].strip() == table()
