"""Logging: one structured line per event, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

Format = Literal["auto", "console", "json"]


def set_up(level: str, log_format: Format, **fields: str) -> None:
    """Sets up structlog and the standard library's logging alike; ``fields`` go into every line.

    ``auto`` means readable lines on a terminal and JSON elsewhere.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if not console else structlog.dev.set_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        ),
    )
    root = logging.getLogger()
    root.handlers = [handler]
    set_level(level)
    # Who changed what is never less than what is logged.
    logging.getLogger("audit").setLevel(logging.INFO)
    # One line per connection or frame would drown what an operator looks for; a client's mistakes are counted instead.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(**fields)


def set_level(level: str) -> None:
    """Logs what has at least this level from now on."""
    logging.getLogger().setLevel(level.upper())
