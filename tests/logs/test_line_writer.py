from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from householdd.logs import line_writer
from householdd.logs.line_writer import LineWriter
from tests.daemon import wait_until

PIPE_BYTES = 4096
LINE = b"x" * 99 + b"\n"


@dataclass
class Pipe:
    """Yield both ends of a small pipe."""

    reading: int
    writing: int


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    made = Pipe(reading, writing)
    yield made
    # The writer's thread may still use the other end, until the process ends.
    os.close(made.reading)


def notice(lines: int) -> bytes:
    return f"dropped {lines}\n".encode()


def read_until(pipe: Pipe, end: bytes) -> list[bytes]:
    text = b""
    while not text.endswith(end):
        text += os.read(pipe.reading, 65536)
    return text.splitlines(keepends=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_writer, "MAX_LINES", 100)
    monkeypatch.setattr(line_writer, "MAX_BYTES", 8000)


def test_lines_come_out_whole_and_in_order(pipe: Pipe) -> None:
    writer = LineWriter(pipe.writing, notice)
    lines = [f"line {number}\n".encode() for number in range(50)]
    for line in lines:
        writer.put(line)
    assert writer.flush(10)
    assert read_until(pipe, lines[-1]) == lines
    assert writer.dropped == 0


@pytest.mark.parametrize("line", [LINE, b"\n", b"y" * 3000 + b"\n"], ids=["usual", "many short", "few long"])
def test_dropped_lines_are_counted_and_told_behind_those_before_them(pipe: Pipe, line: bytes) -> None:
    writer = LineWriter(pipe.writing, notice)
    # Taken by the thread, which then waits for the reader.
    writer.put(b"z" * (PIPE_BYTES + 1) + b"\n")
    accepted = 1
    while not writer.dropped:
        writer.put(line)
        accepted += 1
    writer.put(line)
    accepted -= 1
    assert writer.dropped == 2
    lines = read_until(pipe, b"dropped 2\n")
    assert len(lines) == accepted + 1
    assert writer.flush(10)
    writer.put(b"after\n")
    assert read_until(pipe, b"after\n") == [b"after\n"]


def test_important_lines_find_room_when_others_do_not(pipe: Pipe) -> None:
    writer = LineWriter(pipe.writing, notice)
    writer.put(b"z" * (PIPE_BYTES + 1) + b"\n")
    while not writer.dropped:
        writer.put(LINE)
    writer.put(b"important\n", important=True)
    assert writer.dropped == 1
    assert b"important\n" in read_until(pipe, b"dropped 1\n")


def test_the_end_of_the_process_waits_a_moment_only(pipe: Pipe) -> None:
    writer = LineWriter(pipe.writing, notice)
    writer.put(b"z" * (PIPE_BYTES + 1) + b"\n")
    assert not writer.flush(0.01)
    read_until(pipe, b"\n")
    assert writer.flush(10)


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.writing, False)
    writer = LineWriter(pipe.writing, notice)
    line = b"z" * (PIPE_BYTES + 1) + b"\n"
    writer.put(line)
    assert read_until(pipe, b"\n") == [line]


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    writer = LineWriter(full, notice)
    for _ in range(10):
        writer.put(LINE)
    assert writer.flush(10)
    assert writer.dropped == 10
    os.close(full)


def test_lines_lost_while_the_disk_was_full_are_told_later(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    write, full = os.write, threading.Event()
    full.set()

    def failing(fd: int, data: bytes) -> int:
        if full.is_set() and fd == pipe.writing:
            raise OSError(28, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(os, "write", failing)
    writer = LineWriter(pipe.writing, notice)
    writer.put(b"lost\n")
    wait_until(lambda: writer.dropped == 1, "the line is counted")
    full.clear()
    writer.put(b"after\n")
    assert read_until(pipe, b"dropped 1\n") == [b"after\n", b"dropped 1\n"]


def test_a_reader_that_has_gone_costs_lines_and_nothing_else(pipe: Pipe) -> None:
    writer = LineWriter(pipe.writing, notice)
    spare = os.dup(pipe.reading)
    os.close(pipe.reading)
    os.close(spare)
    pipe.reading = os.open(os.devnull, os.O_RDONLY)
    writer.put(LINE)
    assert writer.flush(10)
    assert writer.dropped == 1
