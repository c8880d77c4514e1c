"""A page in the man macros of roff; see man(7) and groff_man(7)."""

from __future__ import annotations

import os
import time
from importlib.metadata import version


class Page:
    """Collects the source of a page."""

    def __init__(self, title: str, section: int, summary: str) -> None:
        """``title`` is the page's name, such as householdctl-drain; ``summary`` one line without a full stop."""
        self.file_name = f"{title}.{section}"
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        # Without a date from the build there is none: the same source makes the same page.
        date = time.strftime("%Y-%m-%d", time.gmtime(int(epoch))) if epoch else ""
        self._lines = [
            f'.TH {_quoted(title.upper())} {section} "{date}" "householdd {version("householdd")}" "householdd"',
            ".nh",
            ".ad l",
        ]
        self.section("NAME")
        self._lines.append(f"{escape(title)} \\- {escape(summary)}")

    def section(self, name: str) -> None:
        """Begins a section."""
        self._lines.append(f".SH {_quoted(name)}")

    def paragraph(self, text: str) -> None:
        """Running text; line breaks in it mean nothing."""
        self._lines += [".PP", _line(" ".join(text.split()))]

    def command(self, name: str, arguments: str) -> None:
        """A command as it is typed."""
        self._lines += [".PP", f"\\fB{escape(name)}\\fR {escape(arguments)}"]

    def term(self, term: str, text: str) -> None:
        """A term in bold, and what it means, indented below."""
        self._lines += [".TP", f"\\fB{escape(term)}\\fR", _line(" ".join(text.split()) or "\\&")]

    def literal(self, lines: list[str]) -> None:
        """Lines as they are."""
        self._lines += [".PP", ".RS 4", ".EX", *(_line(line) for line in lines), ".EE", ".RE"]

    def references(self, pages: list[tuple[str, int]]) -> None:
        """The section that names other pages."""
        if pages:
            self.section("SEE ALSO")
            names = [f"\\fB{escape(title)}\\fR({section})" for title, section in pages]
            self._lines.append(",\n".join(names))

    def __str__(self) -> str:
        """The source."""
        return "\n".join(self._lines) + "\n"


def escape(text: str) -> str:
    """Text that means itself: hyphens as they are typed, backslashes, quotes."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return text.replace("'", "\\(aq").replace('"', "\\(dq").replace("^", "\\(ha").replace("~", "\\(ti")


def _line(text: str) -> str:
    # A line that begins with a dot or an apostrophe would be a request.
    return text if text == "\\&" else "\\&" * text.startswith((".", "'")) + escape(text)


def _quoted(text: str) -> str:
    return f'"{escape(text)}"'
