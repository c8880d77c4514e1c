"""Counts what makes the sources hard to find one's way in, at a commit: ``python -m bench.layout COMMIT``."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("daemon/householdd", "ctl/householdctl")

_WORD = re.compile(r"[A-Za-z][A-Za-z'\N{RIGHT SINGLE QUOTATION MARK}-]*")
_LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        archive = subprocess.run(["git", "archive", sys.argv[1]], capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(root, filter="data")
        for package in PACKAGES:
            modules = [path for path in (root / package).rglob("*.py") if path.name != "__init__.py"]
            loose = [path for path in modules if path.parent == root / package and path.name != "__main__.py"]
            print(f"{package}: {len(modules)} modules, {len(loose)} loose at its top")
        sources = [path for top in ("daemon", "ctl") for path in (root / top).rglob("*.py")]
        classes = Counter(name for path in sources for name in _classes(path))
        print(f"names of two classes: {sum(count > 1 for count in classes.values())}")
        words, lines = (sum(column) for column in zip(*map(_prose, sources), strict=True))
        print(f"words of docstrings and comments for 100 lines of code: {100 * words / lines:.0f}")
        everything = [path.read_text() for path in root.rglob("*.py")]
        for mark in ("# noqa", "# type: ignore"):
            print(f"{mark}: {sum(text.count(mark) for text in everything)}")


def _classes(path: Path) -> Iterator[str]:
    return (node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef))


def _prose(path: Path) -> tuple[int, int]:
    """Return the words of docstrings and comments, and the lines of code without them."""
    text = path.read_text()
    docstrings = [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    words = sum(len(_WORD.findall(str(each.value))) for each in docstrings)
    prose = {line for each in docstrings for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)}
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            words += len(_WORD.findall(token.string))
        elif token.type not in _LAYOUT:
            code |= set(range(token.start[0], token.end[0] + 1))
    return words, len(code - prose)


if __name__ == "__main__":
    main()
