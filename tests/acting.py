"""Acting as another user, for tests run by root."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def acting_as(uid: int, *groups: int) -> Iterator[None]:
    """Run a block with this user and these groups, as a server sees them."""
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
