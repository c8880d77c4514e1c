"""Which release this is."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

VERSION: Final = version("householdd")
"""Read once: it is a file of the installation, and an upgrade under a running daemon is not the release that runs."""
