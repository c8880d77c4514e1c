"""Python's collector of cyclic garbage, as a worker wants it."""

from __future__ import annotations

import gc

FULL_EVERY = 1000
"""Collections of the middle generation from one full collection to the next; Python's own figure is 10.

A full one looks at all that is in memory and holds up every session meanwhile: at 200 sessions for some 20 ms, each 5 s
by Python's figure. It finds next to nothing, because what a session holds is freed by reference counts when it ends.
What it is there for, cycles that outlived two younger generations, can come to some 100 bytes for each of the 7000
objects between two collections of the middle one.
"""


def settle() -> None:
    """What is there now lives as long as the process, and is not looked at again; later full collections are rare."""
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, FULL_EVERY)
