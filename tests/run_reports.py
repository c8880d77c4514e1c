"""Run reports as clients send them."""

from __future__ import annotations

from typing import Any


def latency(p50_ms: float, p95_ms: float | None = None, count: int = 100) -> dict[str, Any]:
    """Return the figures of one series."""
    high = p50_ms if p95_ms is None else p95_ms
    return {"count": count, "p50_ms": p50_ms, "p95_ms": high, "p99_ms": high, "jitter_ms": 1.5}


def stretch(name: str, from_s: float, loaded_ms: float, **changes: object) -> dict[str, Any]:
    """Return a stretch of 13 s whose probe had these round trips, all alike."""
    report = run_report()
    computer = {
        **report["people"][0],
        "who": "computer",
        "activity": "bulk_transfer",
        "verdict": "verdict.bulk_transfer.excellent",
        "download": {"wanted_bps": 60_000_000, "got_bps": 0 if name == "upload" else 40_000_000},
        "upload": {"wanted_bps": 15_000_000, "got_bps": 0 if name == "download" else 10_000_000},
    }
    return {
        "stretch": name,
        "from_s": from_s,
        "until_s": from_s + 13,
        "loaded": latency(loaded_ms, count=260),
        "people": [*report["people"], computer],
        **changes,
    }


def run_report(**changes: object) -> dict[str, Any]:
    """Return a report of grade B: latency grew from 10 to 50 ms at p95; ``changes`` replaces fields."""
    rates = {"wanted_bps": 1_500_000, "got_bps": 1_400_000}
    alex = {
        "who": "alex",
        "activity": "gaming",
        "score": 90.5,
        "band": "excellent",
        "verdict": "verdict.gaming.excellent",
        "download": rates,
        "upload": rates,
        "latency": latency(30, 50),
    }
    sarah = {**alex, "who": "sarah", "activity": "video_call", "verdict": "verdict.video_call.excellent", "mos": 4.2}
    return {
        "type": "run_report",
        "ended_at": 1_795_000_000_000.5,
        "client": {"kind": "page", "version": "0.1.0"},
        "load_s": 30,
        "phases": [{"name": "idle", "from_s": 0, "until_s": 5}, {"name": "load", "from_s": 5, "until_s": 35}],
        "baseline_ms": 10,
        "idle": latency(10),
        "loaded": latency(30, 50),
        "people": [alex, sarah],
        "timeline": [[0, 10.5, 0, 0], [0.25, None, 1_500_000, 750_000]],
        **changes,
    }
