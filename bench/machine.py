"""Machine and software of a measurement."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import re
import ssl
from pathlib import Path

LIBRARIES = ("websockets", "uvloop", "picows", "grpcio")


def description() -> str:
    """Return one sentence without a full stop."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    # A peer is installed only where it is measured.
    installed = {each.name: each.version for each in importlib.metadata.distributions()}
    versions = ", ".join(f"{name} {installed[name]}" for name in LIBRARIES if name in installed)
    return (
        f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, {' '.join(ssl.OPENSSL_VERSION.split()[:2])}, {versions}"
    )


def today() -> str:
    """Return the date in UTC."""
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
