"""Main loop of top: keys, snapshots, signals, screen."""

from __future__ import annotations

import os
import selectors
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from householdctl.exit_codes import CommandError, ExitCode
from householdctl.top.feed import TopFeed
from householdctl.top.keys import Keyboard, unbuffered
from householdctl.top.screen import draw
from householdctl.top.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from householdctl.control.options import Options

# Keeps the shown age current without new snapshots.
_REDRAW_S = 1.0


def run_top(options: Options, query: str, interval: float) -> None:
    """Show the view until the operator quits.

    Raise CommandError without a terminal, or without an answer at the start.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(
            ExitCode.USAGE, "top needs a terminal", "for scripts: householdctl sessions list --watch -o jsonl"
        )
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)

    def wake(*_: object) -> None:
        # A full pipe wakes the reader, too.
        try:
            os.write(wake_writer, b".")
        except BlockingIOError:
            return

    with (
        TopFeed(options, query, interval, wake) as feed,
        _signals({signal.SIGWINCH: wake, signal.SIGTERM: _leave, signal.SIGTSTP: signal.SIG_IGN}),
    ):
        _loop(feed, wake_reader)


def _loop(feed: TopFeed, wake_reader: int) -> None:
    console, state, keyboard = Console(highlight=False), State(), Keyboard(sys.stdin.fileno())
    with (
        unbuffered(sys.stdin.fileno()),
        Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live,
        selectors.DefaultSelector() as selector,
    ):
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(wake_reader, selectors.EVENT_READ)
        shown = feed.snapshot
        while not state.quitting:
            if not state.paused:
                shown = feed.snapshot
            state.update(shown)
            width, height = os.get_terminal_size(sys.stdout.fileno())
            live.update(draw(shown, state, width, height), refresh=True)
            for ready, _ in selector.select(_REDRAW_S):
                if ready.fileobj == wake_reader:
                    os.read(wake_reader, 4096)
                    state.message, feed.message = feed.message or state.message, ""
                    continue
                keys = keyboard.read()
                if keys is None:
                    return
                for key in keys:
                    if order := state.press(key):
                        state.message = f"killing {order.name}"
                        feed.kill(order)


@contextmanager
def _signals(handlers: dict[signal.Signals, Callable[..., None] | signal.Handlers]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    # An exception, so that context managers restore the terminal.
    raise SystemExit(128 + number)
