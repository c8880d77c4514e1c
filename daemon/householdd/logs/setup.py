"""Logging: one structured line per event on standard error."""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor

from householdd.logs.line_writer import LineWriter

Format = Literal["auto", "console", "json"]

STDERR = 2

AUDIT = "audit"

log = structlog.get_logger("logs")


@functools.cache
def _stderr() -> LineWriter:
    return LineWriter(STDERR, _notice)


class _Handler(logging.Handler):
    """Passes lines to the writer."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - as the standard library's handlers do
            self.handleError(record)
        else:
            _put(line, record.levelno, important=record.levelno >= logging.WARNING or record.name == AUDIT)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Log the failure; the standard library would write to sys.stderr."""
        _put(f"log line of {record.name!r} cannot be formatted: {traceback.format_exc()}", logging.ERROR)


def set_up(level: str, log_format: Format, **fields: str) -> None:
    """``fields`` are in every line; ``auto`` means text on a terminal and JSON elsewhere."""
    console = log_format == "console" or (log_format == "auto" and os.isatty(STDERR))
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if not console else structlog.dev.set_exc_info,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=os.isatty(STDERR)) if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=["lines"])],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _event_first, renderer],
        ),
    )
    root = logging.getLogger()
    root.handlers = [handler]
    set_level(level)
    # The audit log does not depend on the level.
    logging.getLogger(AUDIT).setLevel(logging.INFO)
    # Mistakes of clients are counted instead.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(**fields)
    _catch_what_python_writes()


def set_level(level: str) -> None:
    logging.getLogger().setLevel(level.upper())


def dropped_lines() -> int:
    return _stderr().dropped


def flush() -> None:
    _stderr().flush()


def tell_problem(problem: str) -> None:
    _put(f"householdd: {problem}", logging.ERROR, important=True)


def _put(text: str, level: int, *, important: bool = True) -> None:
    if is_journal():
        # The journal makes an entry for each line.
        text = "\n".join(f"<{_priority(level)}>{line}" for line in text.splitlines())
    _stderr().put(f"{text}\n".encode(errors="backslashreplace"), important=important)


def is_journal() -> bool:
    """Return whether the journal reads stderr, with a priority before each line (sd-daemon(3))."""
    try:
        status = os.fstat(STDERR)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _priority(level: int) -> int:
    for least, number in ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6)):
        if level >= least:
            return number
    return 7


def _notice(lines: int) -> bytes:
    fields = {"name": "logs", "levelno": logging.WARNING, "levelname": "WARNING", "lines": lines}
    record = logging.makeLogRecord({**fields, "msg": "log lines dropped"})
    handlers = logging.getLogger().handlers
    text = handlers[0].format(record) if handlers else f"log lines dropped: {lines}"
    return f"<4>{text}\n".encode() if is_journal() else f"{text}\n".encode()


def _event_first(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {"event": event.pop("event"), **event}


def _catch_what_python_writes() -> None:
    """Log uncaught exceptions and warnings."""
    logging.captureWarnings(True)  # noqa: FBT003 - the standard library's parameter
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        name = args.thread.name if args.thread else None
        log.error("uncaught exception in a thread", thread=name, exc_info=args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    where = args.err_msg or "Exception ignored in"
    log.error("exception ignored", where=f"{where}: {args.object!r}", exc_info=args.exc_value)
