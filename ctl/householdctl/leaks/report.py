"""A leak report as people and scripts read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from householdctl import output
from householdctl.options import Format
from householdctl.units import format_bytes, format_duration

if TYPE_CHECKING:
    from householdctl.leaks.check import LeakReport


def show(report: LeakReport, style: Format) -> None:
    """Prints the report on stdout, and for people what failed on stderr."""
    if style is not Format.TABLE:
        document = {"passed": report.passed, **asdict(report)}
        (output.print_json if style is Format.JSON else output.print_json_line)(document)
        return
    cleanup = "no"
    if report.cleanup_verified and report.cleanup_seconds is not None:
        cleanup = f"yes, by the {report.census}, {format_duration(report.cleanup_seconds)} after the cut"
    output.print_facts(
        [
            ("sessions created", str(report.sessions_created)),
            ("sessions disconnected", str(report.sessions_disconnected)),
            ("connection tests passed", str(report.connection_tests_passed)),
            ("payload received", format_bytes(report.received_bytes)),
            ("cleanup verified", cleanup),
            ("leaks detected", str(report.leaks_detected)),
            ("result", "passed" if report.passed else "FAILED"),
        ]
    )
    for note in report.notes:
        output.note(f"note: {note}")
    for problem in report.problems:
        output.note(f"problem: {problem}")
