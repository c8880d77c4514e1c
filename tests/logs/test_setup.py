"""The log as its readers see it: lines of JSON, and entries of the journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SET_UP = (
    "import logging, structlog, threading, warnings\n"
    "from householdd.logs import setup as logs\n"
    "logs.set_up('debug', '{format}')\n"
)


def run(code: str, log: Path, log_format: str = "json", *, journal: bool = False) -> list[str]:
    """Return the lines on standard error of a new process; with ``journal`` it is connected to the journal."""
    with log.open("wb") as file:
        status = os.fstat(file.fileno())
        stream = f"{status.st_dev}:{status.st_ino}" if journal else "1:1"
        subprocess.run(
            [sys.executable, "-c", SET_UP.format(format=log_format) + code],
            stderr=file,
            env={**os.environ, "JOURNAL_STREAM": stream},
            timeout=60,
            check=False,
        )
    return log.read_text().splitlines()


WRITERS = {
    "structlog": ("structlog.get_logger('a').{level}('told', more='one\\ntwo')", "told"),
    "logging": ("logging.getLogger('b').{level}('told\\nin two lines')", "told\nin two lines"),
    "traceback": ("structlog.get_logger('a').{level}('told', exc_info=ValueError('why'))", "told"),
}


PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}


@pytest.mark.parametrize("writer", WRITERS)
def test_each_entry_of_the_journal_has_its_priority(tmp_path: Path, writer: str) -> None:
    code, event = WRITERS[writer]
    lines = run("\n".join(code.format(level=level) for level in PRIORITIES), tmp_path / "log", journal=True)
    assert [line[:3] for line in lines] == [f"<{priority}>" for priority in PRIORITIES.values()]
    assert [json.loads(line[3:])["event"] for line in lines] == [event] * len(PRIORITIES)


@pytest.mark.parametrize("writer", WRITERS)
def test_without_the_journal_there_is_no_priority(tmp_path: Path, writer: str) -> None:
    code, event = WRITERS[writer]
    (line,) = run(code.format(level="error"), tmp_path / "log")
    assert json.loads(line)["event"] == event


def test_every_line_of_a_readable_entry_has_its_priority(tmp_path: Path) -> None:
    code = WRITERS["traceback"][0].format(level="error")
    lines = run(code, tmp_path / "log", "console", journal=True)
    assert len(lines) > 1
    assert {line[:3] for line in lines} == {"<3>"}


@pytest.mark.parametrize(
    ("code", "event", "level"),
    [
        ("raise ValueError('why')", "uncaught exception", "critical"),
        ("t = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()", "uncaught exception in a thread", "error"),
        ("class A:\n def __del__(self): 1 / 0\nA()", "exception ignored", "error"),
        ("warnings.warn('old', DeprecationWarning)", "old", "warning"),
        ("import asyncio\nlogging.getLogger('asyncio').error('slow callback')", "slow callback", "error"),
        ("logging.getLogger('a').error('%d', 'no number')", "cannot be formatted", "error"),
        ("logs.tell_problem('no certificate')", "householdd: no certificate", "error"),
    ],
)
def test_nothing_passes_the_log_by(tmp_path: Path, code: str, event: str, level: str) -> None:
    lines = run(code, tmp_path / "log", journal=True)
    priority = {"critical": "<2>", "error": "<3>", "warning": "<4>"}[level]
    assert {line[:3] for line in lines} == {priority}
    assert event in lines[0]


def test_the_event_comes_first(tmp_path: Path) -> None:
    (line,) = run("structlog.get_logger('a').info('told', session='s', reason='r')", tmp_path / "log")
    assert next(iter(json.loads(line))) == "event"
