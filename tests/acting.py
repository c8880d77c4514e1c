"""Being somebody else for a moment, for tests that are run by root."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def acting_as(uid: int, *groups: int) -> Iterator[None]:
    """The test's process has this user and these groups, as the kernel tells a server that it connects to."""
    if os.geteuid() != 0:
        pytest.skip("only root can connect as somebody else")
    before = os.getgroups()
    os.setgroups(groups)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)
