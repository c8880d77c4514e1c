"""The network of a line."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tests.truth.emulated_line import emulated_line
from tests.truth.kernel_line import kernel_line
from tests.truth.lines import Line
from tests.truth.network import Network


def bottleneck(line: Line) -> AbstractContextManager[Network]:
    """The network for the length of a block, which raises LabUnavailableError where it cannot be made."""
    return emulated_line(line) if line.emulated else kernel_line(line)
