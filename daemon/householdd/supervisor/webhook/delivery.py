"""Delivers runs one by one, in a thread of its own."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from householdd.storage import outbox, reading
from householdd.storage.outbox import Due
from householdd.storage.rows import RunRow, SessionRow
from householdd.supervisor.webhook import retry, signature
from householdd.supervisor.webhook.http_post import Poster
from householdd.supervisor.webhook.retry import DeliveryOutcome

log = structlog.get_logger("webhook")

POLL_INTERVAL_S = 30.0
"""Longest time between two polls of the outbox, in seconds; another daemon may have left runs there."""


@dataclass(frozen=True)
class WebhookStatus:
    """State of the webhook."""

    waiting: int = 0
    """Undelivered runs in the database."""
    delivered: int = 0
    """Runs delivered since the start."""
    failed: int = 0
    """Failed attempts since the start."""
    dropped: int = 0
    """Runs given up since the start."""
    problem: str = ""
    """Why the last attempt failed; empty if it succeeded."""
    failed_at: float | None = None
    """Unix time of the failed attempt; None while ``problem`` is empty."""
    next_attempt_at: float | None = None
    """Unix time of the next attempt, as of the last poll; None while no run waits."""


class Webhook:
    """Posts each run in the outbox until the receiver accepts it."""

    def __init__(  # noqa: PLR0913 - its parts
        self,
        engine: Engine,
        poster: Poster,
        secret: bytes,
        body: Callable[[RunRow, Sequence[SessionRow]], bytes],
        *,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``body`` makes the JSON of a run, ``now`` returns Unix time, ``chance`` a random number from 0 to 1."""
        self._engine = engine
        self._poster = poster
        self._secret = secret
        self._body = body
        self._now = now
        self._chance = chance
        self._status = WebhookStatus()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        """Set once."""
        # A daemon thread, so that a slow name server does not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def start(self) -> None:
        """Start delivery once the database is ready."""
        self._thread.start()

    def close(self, timeout: float) -> None:
        """Abort the current attempt, and wait ``timeout`` seconds for the thread; waiting runs stay in the database."""
        self._closing = True
        self._wake.set()
        self._poster.abort()
        self._thread.join(timeout)

    def queued(self, dropped: int) -> None:
        """Look for new runs; ``dropped`` more found the queue full."""
        if dropped:
            log.error("webhook queue is full", dropped=dropped)
            self._count(dropped=dropped)
        self._wake.set()

    def status(self) -> WebhookStatus:
        with self._lock:
            return self._status

    def deliver(self) -> float:
        """Make an attempt if one is due; return the seconds until the next. Raise SQLAlchemyError."""
        with self._engine.begin() as connection:
            due = outbox.claim(connection, self._now())
        if due is not None:
            self._attempt(due)
        with self._engine.connect() as connection:
            waiting, next_due = outbox.count(connection), outbox.next_due(connection)
        with self._lock:
            self._status = replace(self._status, waiting=waiting, next_attempt_at=next_due)
        return POLL_INTERVAL_S if next_due is None else min(max(next_due - self._now(), 0.0), POLL_INTERVAL_S)

    def _attempt(self, due: Due) -> None:
        with self._engine.connect() as connection:
            run = reading.run(connection, due.run_id)
            sessions = reading.sessions_of(connection, due.run_id)
        if run is None:
            # Retention deleted it meanwhile.
            self._give_up(due, "the run is no longer kept")
            return
        outcome, problem, asked = self._post(due, self._body(run, sessions))
        if outcome is DeliveryOutcome.DELIVERED:
            with self._engine.begin() as connection:
                outbox.remove(connection, due.run_id)
            if self.status().problem:
                log.info("webhook recovered")
            self._count(delivered=1, problem="")
        elif outcome is DeliveryOutcome.REFUSED or self._now() - due.queued_at >= retry.MAX_AGE_S:
            self._count(failed=1, problem=problem)
            self._give_up(due, problem)
        else:
            if problem != self.status().problem:
                log.warning("webhook not delivered", run=due.run_id, problem=problem)
            seconds = retry.wait(due.attempts, self._chance(), asked)
            with self._engine.begin() as connection:
                outbox.postpone(connection, due.run_id, self._now() + seconds)
            self._count(failed=1, problem=problem)

    def _post(self, due: Due, body: bytes) -> tuple[DeliveryOutcome, str, float]:
        """Return the outcome, the problem, and the delay in seconds that the receiver asked for."""
        try:
            answer = self._poster.post(signature.headers(self._secret, due.run_id, self._now(), body), body)
        except (OSError, http.client.HTTPException) as error:
            return DeliveryOutcome.FAILED, str(error) or type(error).__name__, 0.0
        asked = retry.asked_wait(answer.retry_after, self._now())
        return retry.outcome(answer.status), f"the receiver answered with {answer.status}", asked

    def _give_up(self, due: Due, problem: str) -> None:
        with self._engine.begin() as connection:
            outbox.remove(connection, due.run_id)
        log.error("webhook gave up", run=due.run_id, attempts=due.attempts, problem=problem)
        self._count(dropped=1)

    def _count(self, *, delivered: int = 0, failed: int = 0, dropped: int = 0, problem: str | None = None) -> None:
        """Add to the counts; ``problem`` is that of an attempt, empty for one that succeeded, None without one."""
        with self._lock:
            before = self._status
            after = replace(
                before,
                delivered=before.delivered + delivered,
                failed=before.failed + failed,
                dropped=before.dropped + dropped,
            )
            if problem is not None:
                after = replace(after, problem=problem, failed_at=self._now() if problem else None)
            self._status = after

    def _run(self) -> None:
        # Reading before the writer has made the database would create another one.
        self._wake.wait()
        while not self._closing:
            self._wake.clear()
            try:
                seconds = self.deliver()
            except SQLAlchemyError as error:
                # The history reports its own problems; here it is enough to retry.
                log.debug("webhook cannot read the history", problem=type(error).__name__)
                seconds = POLL_INTERVAL_S
            except Exception:
                # Without the thread no run would be delivered, without notice.
                log.exception("webhook failed")
                seconds = POLL_INTERVAL_S
            self._wake.wait(seconds)
