"""A PostgreSQL server for tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

USER = "postgres"
"""The server refuses to run as root."""


class Cluster:
    """A running server on a Unix socket in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._databases = 0

    def url(self, database: str) -> str:
        """Return the ``history.url`` of a database."""
        return f"postgresql://{USER}@/{database}?host={self.directory}"

    def create(self) -> str:
        """Create an empty database; return its URL."""
        self._databases += 1
        name = f"history_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        """Start the server, on the socket only."""
        options = f"-F -k {self.directory} -c listen_addresses= -c shared_buffers=16MB -c max_connections=20"
        self._control("start", "-w", "-o", options)

    def stop(self) -> None:
        """Stop the server and all its connections."""
        self._control("stop", "-w", "-m", "immediate")

    def initialise(self) -> None:
        """Create the server's files."""
        _as_user(self.directory, "initdb", "-D", "data", "-U", USER, "-A", "trust", "--no-sync", "--locale=C.UTF-8")

    def _control(self, *arguments: str) -> None:
        _as_user(self.directory, "pg_ctl", "-D", "data", "-l", "log", "-s", *arguments)


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if found:
        return found[-1].parent
    on_path = shutil.which("pg_ctl")
    return Path(on_path).parent if on_path else None


def _as_user(directory: Path, program: str, *arguments: str) -> None:
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    prefix = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*prefix, str(binaries / program), *arguments],
        cwd=directory,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a server for a block; skip the test if PostgreSQL is not installed."""
    # Not pytest's folder: a Unix socket's path is short, and the server's user must reach it.
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    made = Cluster(directory)
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, USER)
        made.initialise()
        made.start()
        try:
            yield made
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                made.stop()
    finally:
        shutil.rmtree(directory)
