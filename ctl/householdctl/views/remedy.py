"""What to do about a test run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from household_scoring.remedy import Remedy, openwrt_lines, remedy_of
from householdctl.output.tables import Lines
from householdctl.values.units import format_rate

if TYPE_CHECKING:
    from householdctl.data_plane.test_run import TestRun

AT_HOME = "move closer to the Wi-Fi, or use a cable: the delay arises before the line"
TELL_PROVIDER = "test once by cable; if packets are lost then too, tell your provider, with the link to this run"
SHAPE = "turn on smart queue management (SQM) in the router, at 90 % of the line's rate"
OPENWRT = (
    "with OpenWrt and sqm-scripts (slow routers: fq_codel and simplest.qos in place of cake and piece_of_cake.qos)"
)


def found(run: TestRun) -> Remedy | None:
    """Return what to do about the line; None if there is nothing, or the delay arises at home."""
    return None if run.location.place == "home" else remedy_of(run.played.stretches)


def document(run: TestRun) -> dict[str, Any] | None:
    remedy = found(run)
    if remedy is None:
        return None
    return {
        "action": remedy.action,
        "download_kbps": remedy.download_kbps,
        "upload_kbps": remedy.upload_kbps,
        "openwrt": openwrt_lines(remedy),
    }


def facts(run: TestRun) -> list[tuple[str, str]]:
    remedy = found(run)
    if remedy is not None:
        return [("what to do", _words(remedy))]
    return [("what to do", AT_HOME)] if run.location.place == "home" else []


def commands(run: TestRun) -> list[Lines]:
    """Return the commands for a router, if the remedy has a limit to set."""
    remedy = found(run)
    lines = () if remedy is None else openwrt_lines(remedy)
    return [Lines(OPENWRT, lines)] if lines else []


def _words(remedy: Remedy) -> str:
    if remedy.action == "tell_provider":
        return TELL_PROVIDER
    limits = [
        f"{way} {format_rate(kbps * 1e3)}"
        for way, kbps in (("download", remedy.download_kbps), ("upload", remedy.upload_kbps))
        if kbps is not None
    ]
    return f"{SHAPE}{': ' if limits else ''}{', '.join(limits)}"
