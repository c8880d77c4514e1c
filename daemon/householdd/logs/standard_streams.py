"""Standard input, output and error of a process that may have been started without them."""

from __future__ import annotations

import os
import sys


def open_missing() -> None:
    """Open /dev/null on each of the descriptors 0 to 2 that is closed.

    The next file or socket would take its number otherwise, and log lines would go there. Call it before anything opens
    one.
    """
    for fd, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(fd)
        except OSError:
            # The lowest number that is free, which is this one: those below are open by now.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - the standard library's parameter
            setattr(sys, name, os.fdopen(fd, mode, closefd=False))
