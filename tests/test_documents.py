"""What documents name exists: headings that links lead to, and the tests that docs/security.md cites."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def anchors(document: Path) -> set[str]:
    """The fragments of a document's headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if link.startswith("https://"):
            continue
        name, _, fragment = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


def test_the_tests_that_the_security_model_cites_exist() -> None:
    rows = (ROOT / "docs" / "security.md").read_text().partition("## Attacks")[2].partition("## Everything")[0]
    cited = {name.removesuffix("_...") for name in re.findall(r"`([a-z]+(?:_[a-z]+){3,}(?:_\.\.\.)?)`", rows)}
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert cited
    assert {name for name in cited if not re.search(rf"def test_{name}", sources)} == set()
    files = set(re.findall(r"`([a-z_]+/test_[a-z_]+\.py)`", rows))
    assert {file for file in files if not (ROOT / "tests" / file).is_file()} == set()
