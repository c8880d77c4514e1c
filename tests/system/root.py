"""A small Debian to boot, made once and kept: the distribution of this machine, with what the package depends on."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("systemd", "systemd-sysv", "python3", "init-system-helpers", "libstdc++6", "libgcc-s1")

OPTIONS = (
    "--variant=essential",
    f"--include={','.join(PACKAGES)}",
    "--format=directory",
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
)


class NoMachineError(RuntimeError):
    """No machine can be booted here; the message says what is missing."""


def cache() -> Path:
    """Where roots are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "householdd"


def debian_root() -> Path:
    """The root's directory, not to be written to. Raises NoMachineError."""
    if os.geteuid() != 0:
        raise NoMachineError("root is needed to boot one")
    if shutil.which("mmdebstrap") is None:
        raise NoMachineError("mmdebstrap is not installed (Debian: sudo apt-get install mmdebstrap)")
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian":
        raise NoMachineError("this machine is no Debian, whose package it would install")
    suite = release["VERSION_CODENAME"]
    name = hashlib.sha256(repr((suite, OPTIONS)).encode()).hexdigest()[:12]
    root = cache() / f"{suite}-{name}"
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            _make(root, suite)
    return root


def _make(root: Path, suite: str) -> None:
    unfinished = root.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    done = subprocess.run(
        ["mmdebstrap", "--quiet", *OPTIONS, suite, str(unfinished)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode != 0:
        raise NoMachineError(f"mmdebstrap made no root of {suite}: {done.stderr.strip()[-500:]}")
    unfinished.rename(root)


if __name__ == "__main__":
    # Each test says by itself why there is no machine.
    with contextlib.suppress(NoMachineError):
        debian_root()
