"""A worker process: start, readiness, end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process

import msgspec

from householdd.config.worker import READY, SERVE, SERVING, WorkerSettings
from householdd.version import VERSION

START_TIMEOUT_S = 30.0
"""Seconds that a worker has to become ready, and again to serve; a loaded machine imports slowly."""


class WorkerFailedError(Exception):
    """A worker that did not become ready; the message says how it ended."""


async def start(settings: WorkerSettings) -> Process:
    """Start a worker that answers control calls and accepts no connection yet.

    Raise WorkerFailedError, and leave no process behind then. Standard input stays open: the worker stops at its end,
    which comes when the supervisor dies in any way.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "householdd.worker",
            VERSION,
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=settings.fds,
            # Signals of a terminal are for the supervisor.
            start_new_session=True,
        )
    except OSError as error:
        raise WorkerFailedError(f"worker {settings.name} could not be started: {error.strerror}") from None
    try:
        await _order(process, settings.name, msgspec.json.encode(settings) + b"\n", READY)
    except BaseException:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        raise
    return process


async def serve(process: Process, name: str) -> None:
    """Have a worker that was started accept connections. Raise WorkerFailedError."""
    await _order(process, name, SERVE, SERVING)


async def _order(process: Process, name: str, order: bytes, answer: bytes) -> None:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("a process started with pipes has them")
    process.stdin.write(order)
    wanted = answer.decode().strip()
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
            if line != answer:
                raise WorkerFailedError(f"worker {name} {describe_end(await process.wait())} before it was {wanted}")
    except TimeoutError:
        raise WorkerFailedError(f"worker {name} was not {wanted} after {START_TIMEOUT_S:g} s") from None


def describe_end(returncode: int) -> str:
    """Return in words how a process ended."""
    return f"was killed by signal {-returncode}" if returncode < 0 else f"exited with status {returncode}"
