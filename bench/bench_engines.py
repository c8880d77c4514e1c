"""Grades of the page in Chromium, Firefox and WebKitGTK, on loopback: a line without a queue.

Each engine runs as it is, with a quarter of the processors, and with ``?computer=50``. A run is graded A+ or A, or does
not count and names the device or the server; at least three quarters of the runs of an engine as it is count. Exits
with 1 otherwise. Needs root: with a quarter, the browser gets a group of the cgroup controller ``cpu`` with a period of
10 ms; the server is outside of it, and ahead of the browser. ``--write`` puts the table into docs/measurement.md.
20 runs of 30 s take two and a half hours, of 12 s one and a half; with ``--results`` they can be interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import document, machine
from household_scoring.latency import increase
from tests.browser.engines import ENGINES
from tests.browser.runs import INTERRUPTED, RUN_S, RunResult
from tests.daemon import Daemon, running

DOCUMENT = Path("docs/measurement.md")
BEGIN, END = "<!-- engines: begin; written by bench/bench_engines.py -->", "<!-- engines: end -->"

SETTINGS = {"as it is": "", "a quarter of the processors": "", "computer=50": "&computer=50"}
"""Queries of the page."""
THROTTLED = "a quarter of the processors"
PERIOD_US = 10_000
"""Period of the processors' quota. The default of 100 ms would stop a browser for most of that time."""

AHEAD = ("chrt", "--rr", "1")
"""Command before the server's, which has a machine of its own: a browser that takes both processors here makes a server
of the same priority late. Its niceness would not help where the kernel groups processes by session."""

END_S = 10.0
"""Time for a throttled browser to end, in seconds."""

UNFINISHED = "AssertionError: not within"
"""In what a browser says whose page did not come to an end."""

GOOD = ("A+", "A")
DEVICE = ("silent", "crashed")
"""Causes of a run that did not finish, for which the page names the device."""
NEEDED_SHARE = 0.75
"""Share of the runs of an engine as it is that count."""

COLUMNS = (
    *("engine", "setting", "A+", "A", "B to F", "device named", "server named", "no witness", "interrupted", "other"),
    *("increase, pings, ms", "increase, kernel, ms", "Computer, Mbit/s"),
)
KINDS = COLUMNS[2:10]
WRONG = {"B to F", "interrupted", "other"}


class Run(msgspec.Struct):
    """One run of the page."""

    shown: RunResult | None
    """None if the run did not finish."""
    engine: str
    setting: str
    pings_ms: float | None
    """Increase of the probe's p95 under load; None if the run was not stored."""
    kernel_ms: float | None
    """The same by the server's kernel; None without a witness."""
    computer_bps: float | None
    interrupted_by: str = ""
    """Why the run did not finish."""

    @property
    def kind(self) -> str:
        """Return the column that counts the run."""
        if self.shown is None:
            return "device named" if self.interrupted_by in DEVICE else "interrupted"
        if self.shown.valid:
            return self.shown.grade if self.shown.grade in GOOD else "B to F"
        named = {"client_overloaded": "device", "server_overloaded": "server", "server_limited": "server"}
        found = [f"{named[reason]} named" for reason in self.shown.invalid if reason in named]
        if not found and "no_witness" in self.shown.invalid:
            return "no witness"
        return found[0] if found else "other"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help=f"one of {', '.join(ENGINES)}; all without")
    parser.add_argument("--runs", type=int, default=20, help="runs of each engine and setting; default 20")
    parser.add_argument("--seconds", type=int, default=30, help="length of the load; default 30")
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="keep the runs in FILE, and go on after those in it"
    )
    parser.add_argument("--setting", choices=SETTINGS, help="run this one only; several may run beside each other")
    parser.add_argument("--batch", type=int, metavar="N", help="end after N runs")
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT}")
    arguments = parser.parse_args()
    if unknown := set(arguments.engines) - set(ENGINES):
        parser.error(f"{', '.join(sorted(unknown))}: the engines are {', '.join(ENGINES)}")
    rows = _measure(arguments)
    for key, runs in rows.items():
        print(document.line(_cells(*key, runs)))
    if arguments.write:
        options = f"--runs {arguments.runs} --seconds {arguments.seconds}"
        _write(rows, " ".join(["python bench/bench_engines.py", options, *arguments.engines]))
    return 0 if all(_holds(setting, runs) for (_, setting), runs in rows.items()) else 1


def _measure(arguments: argparse.Namespace) -> dict[tuple[str, str], list[Run]]:
    """Run each engine and setting in turn, so that a change of the machine meets all of them."""
    rows: dict[tuple[str, str], list[Run]] = {
        (engine, setting): [] for engine in arguments.engines or ENGINES for setting in SETTINGS
    }
    kept: Path | None = arguments.results
    if kept is not None and kept.exists():
        for run in map(_decode, kept.read_bytes().splitlines()):
            rows.setdefault((run.engine, run.setting), []).append(run)
    wanted = {key: runs for key, runs in rows.items() if arguments.setting in {None, key[1]}}
    missing = [key for number in range(arguments.runs) for key, runs in wanted.items() if len(runs) <= number]
    for key in missing[: arguments.batch]:
        run = _run(*key, f"seconds={arguments.seconds}{SETTINGS[key[1]]}")
        rows[key].append(run)
        print(document.line(_cells(*key, [run])), flush=True)
        if kept is not None:
            with kept.open("ab") as results:
                results.write(msgspec.json.encode(run) + b"\n")
    return rows


def _run(engine: str, setting: str, query: str) -> Run:
    """Run the page once, in a browser and a daemon of its own."""
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(running(Path(stack.enter_context(tempfile.TemporaryDirectory())), prefix=AHEAD))
        group = stack.enter_context(_quarter()) if setting == THROTTLED else None
        command = [sys.executable, "-m", "tests.browser.runs", engine, f"{daemon.url}?lang=de&{query}"]
        browser = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        )
        if group is not None:
            group.write_text(str(browser.pid))
        shown, errors = browser.communicate(timeout=2 * RUN_S)
        said = errors.decode()
        if browser.returncode == INTERRUPTED or UNFINISHED in said:
            print(f"{engine}, {setting}: {said}", file=sys.stderr)
            cause = said.partition(":")[0] if browser.returncode == INTERRUPTED else "unfinished"
            return Run(None, engine, setting, None, None, None, cause)
        if browser.returncode != 0:
            raise SystemExit(f"{engine}: {said.strip().splitlines()[-1]}")
        return _stored(daemon, engine, setting, msgspec.json.decode(shown, type=RunResult))


_decode = msgspec.json.Decoder(Run).decode


def _stored(daemon: Daemon, engine: str, setting: str, shown: RunResult) -> Run:
    if not shown.run_id:
        return Run(shown, engine, setting, None, None, None)
    host, port = daemon.address
    connection = http.client.HTTPSConnection(host, port, context=daemon.tls)
    with contextlib.closing(connection):
        connection.request("GET", f"/virtual-household/runs/{shown.run_id}")
        stored = json.load(connection.getresponse())
    report = stored["report"]
    computer = next(person for person in report["people"] if person["who"] == "computer")
    idle_ms, loaded_ms = report["baseline_ms"], report["loaded"]["p95_ms"]
    pings_ms = None if idle_ms is None or loaded_ms is None else increase(idle_ms, loaded_ms)
    return Run(shown, engine, setting, pings_ms, stored["kernel_increase_p95_ms"], computer["download"]["got_bps"])


@contextlib.contextmanager
def _quarter() -> Iterator[Path]:
    """Make a group of processes with a quarter of the processors; yield the file that takes their ids."""
    quota = (os.cpu_count() or 1) * PERIOD_US // 4
    version_1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
    group = (
        version_1.parent if version_1.parent.is_dir() else Path("/sys/fs/cgroup")
    ) / f"household-bench-{os.getpid()}"
    group.mkdir()
    try:
        if (group / "cpu.max").exists():
            (group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        yield group / "cgroup.procs"
    finally:
        _remove(group)


def _remove(group: Path) -> None:
    """Remove a group of processes; those that take their time to end do so outside."""
    end = time.monotonic() + END_S
    while True:
        for process in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (group.parent / "cgroup.procs").write_text(process)
        try:
            group.rmdir()
        except OSError:
            # Busy while a process is on its way out.
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _holds(setting: str, runs: list[Run]) -> bool:
    """Return whether a setting's runs keep the bounds."""
    counted = sum(run.kind in GOOD for run in runs)
    if any(run.kind in WRONG for run in runs):
        return False
    return setting == THROTTLED or counted >= NEEDED_SHARE * len(runs)


def _cells(engine: str, setting: str, runs: list[Run]) -> list[str]:
    kinds = [run.kind for run in runs]
    counts = [str(kinds.count(kind)) for kind in KINDS]
    rates = [None if run.computer_bps is None else run.computer_bps / 1e6 for run in runs]
    figures = ([run.pings_ms for run in runs], [run.kernel_ms for run in runs], rates)
    return [engine, setting, *counts, *(_spread(values) for values in figures)]


def _spread(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):.3g} ({min(known):.3g} to {max(known):.3g})" if known else ""


def _write(rows: dict[tuple[str, str], list[Run]], command: str) -> None:
    table = [document.line(COLUMNS), document.line(["---"] * len(COLUMNS))]
    table += [document.line(_cells(*key, runs)) for key, runs in rows.items()]
    measured = (
        f"Measured on {machine.today()} by `{command}`: {machine.description()}. "
        f"Number of runs, by result; at least {min(map(len, rows.values()))} of each row. Increases of the p95 under "
        "load: median, and least to most in brackets."
    )
    document.put(DOCUMENT, BEGIN, END, [measured, "\n".join(table)])


if __name__ == "__main__":
    sys.exit(main())
