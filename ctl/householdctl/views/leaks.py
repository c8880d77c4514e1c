"""Leak reports for people and scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from householdctl.output import printer
from householdctl.output.tables import Facts
from householdctl.output.terminal import note
from householdctl.values.units import format_bytes, format_duration

if TYPE_CHECKING:
    from householdctl.control.options import Options
    from householdctl.data_plane.leak_check import LeakReport


def show(report: LeakReport, options: Options) -> None:
    """Print the report, and for people its problems on stderr."""
    cleanup = "no"
    if report.cleanup_verified and report.cleanup_seconds is not None:
        cleanup = f"yes, by the {report.census}, {format_duration(report.cleanup_seconds)} after the cut"
    facts = [
        ("sessions created", str(report.sessions_created)),
        ("sessions disconnected", str(report.sessions_disconnected)),
        ("connection tests passed", str(report.connection_tests_passed)),
        ("payload received", format_bytes(report.received_bytes)),
        ("cleanup verified", cleanup),
        ("leaks detected", str(report.leaks_detected)),
        ("result", "passed" if report.passed else "FAILED"),
    ]
    printer.show(options, {"passed": report.passed, **asdict(report)}, Facts(facts))
    if options.for_people:
        for remark in report.notes:
            note(f"note: {remark}")
        for problem in report.problems:
            note(f"problem: {problem}")
