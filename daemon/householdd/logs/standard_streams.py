"""Standard streams of a process started without them."""

from __future__ import annotations

import os
import sys


def open_missing() -> None:
    """Open /dev/null on closed descriptors 0 to 2, so that no file gets their number.

    Call before any file is opened.
    """
    for fd, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(fd)
        except OSError:
            # open() takes the lowest free number, which is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - the standard library's parameter
            setattr(sys, name, os.fdopen(fd, mode, closefd=False))
