"""A worker's collector leaves alone what sessions hold for long."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import gc
from householdd.worker import tuning

if {settled}:
    tuning.freeze_garbage_collector()
before = gc.get_stats()[2]["collections"]
held = [[] for _ in range(200_000)]
print(gc.get_stats()[2]["collections"] - before)
"""


@pytest.mark.parametrize(("settled", "full"), [(True, False), (False, True)])
def test_what_is_held_is_not_collected_in_full(settled: bool, full: bool) -> None:
    # The second case is the premise: without settling, Python would look at all of it.
    program = PROGRAM.format(settled=settled)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (int(run.stdout) > 0) == full
