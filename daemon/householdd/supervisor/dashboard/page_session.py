"""A page: it logs in, receives snapshots, and orders changes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import grpc.aio
import msgspec
import structlog

from householdd.api.callers import Caller
from householdd.capacity.token_bucket import TokenBucket
from householdd.clients.addresses import host_port, unmapped
from householdd.config.dashboard_tokens import DashboardTokens, Login
from householdd.http.websocket import WebSocket, WebSocketClosed
from householdd.supervisor.dashboard.api_client import ApiClient
from householdd.supervisor.dashboard.feed import Feed
from householdd.supervisor.dashboard.login_limits import LoginFailures
from householdd.supervisor.dashboard.orders import LogInOrder, OrderError, ViewOrder, failure, parse
from householdd.supervisor.dashboard.runs import Runs

log = structlog.get_logger("dashboard")

LOGIN_TIMEOUT_S = 15.0
"""Timeout for a page's token, in seconds; a page connects once it has one."""

ORDERS_RATE, ORDERS_BURST = 5.0, 30.0
"""Messages of a page: rate per second, and burst."""

MAX_PAGES = 64
"""Most pages that are logged in."""

PROTOCOL_ERROR, FULL, NOT_LOGGED_IN = 1008, 1013, 4401
"""Close codes: the page violated the protocol; too many pages; login required."""


class PageContext:
    """State that all pages share."""

    def __init__(
        self,
        connect: Callable[[Caller], ApiClient],
        feed: Feed,
        runs: Runs,
        tokens: Callable[[], DashboardTokens],
        about: Mapping[str, str],
    ) -> None:
        """``connect`` makes a client for a caller, ``tokens`` returns those in force, ``about`` is sent after login."""
        self.connect = connect
        self.feed = feed
        self.runs = runs
        self.tokens = tokens
        self.about = about
        self.failures = LoginFailures()
        self.pages = 0
        """Pages that are logged in."""
        self._lines = TokenBucket(0.1, 10, time.monotonic())

    def failed(self, peer: str, host: str) -> float:
        """Log a wrong token; return the delay of the response in seconds."""
        if self._lines.take(time.monotonic()):
            log.warning("login refused", peer=peer)
        return self.failures.delay(host)


class PageSession:
    """An open connection of a page."""

    def __init__(self, connection: WebSocket, context: PageContext, logged_in: Callable[[], None]) -> None:
        """``logged_in`` is called after a valid token; until then the connection may be closed for another."""
        self._connection = connection
        self._context = context
        self._logged_in = logged_in
        self._view = ViewOrder()
        host, port = connection.peer
        self._host = unmapped(host)
        self._peer = host_port(self._host, port)

    async def serve(self) -> None:
        """Serve the page until it closes."""
        with contextlib.suppress(WebSocketClosed):
            login = await self._log_in()
            if login is None:
                return
            self._logged_in()
            if self._context.pages >= MAX_PAGES:
                await self._connection.close(FULL, "too many pages are open")
                return
            self._context.pages += 1
            try:
                await self._serve_logged_in(login)
            finally:
                self._context.pages -= 1

    async def _log_in(self) -> Login | None:
        tokens = self._context.tokens()
        await self._send({"type": "hello", "login": tokens.needed})
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                order = parse(await self._connection.recv())
        except TimeoutError:
            await self._connection.close(NOT_LOGGED_IN, "no token was sent")
            return None
        except OrderError as error:
            await self._connection.close(PROTOCOL_ERROR, str(error)[:100])
            return None
        login = self._context.tokens().login(order.token) if isinstance(order, LogInOrder) else None
        if login is None:
            await asyncio.sleep(self._context.failed(self._peer, self._host))
            await self._send({"type": "refused"})
            await self._connection.close(NOT_LOGGED_IN, "wrong token")
        return login

    async def _serve_logged_in(self, login: Login) -> None:
        context = self._context
        log.info("login", name=login.name, role=login.role.word, peer=self._peer)
        caller = Caller(login.identity, f"dashboard, {self._peer}", names=frozenset({login.identity}))
        client = context.connect(caller)
        points = list(context.feed.trend.points)
        await self._send(
            {"type": "welcome", "name": login.name, "role": login.role.word, "points": points, **context.about}
        )
        context.feed.look_at(self._view)
        watching = asyncio.create_task(self._watch(login))
        try:
            await self._take_orders(client)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            context.feed.look_away(self._view)
            await client.close()
            log.info("logout", name=login.name, peer=self._peer)

    async def _watch(self, login: Login) -> None:
        """Send snapshots as fast as the page receives them, and skip those in between."""
        number, runs = 0, 0
        with contextlib.suppress(WebSocketClosed):
            while True:
                snapshot = await self._context.feed.after(number)
                number = snapshot.number
                if not self._context.tokens().holds(login):
                    await self._connection.close(NOT_LOGGED_IN, "the tokens were changed")
                    return
                message = snapshot.message(self._view)
                if message is not None:
                    await self._send(message)
                if self._context.runs.number != runs:
                    runs = self._context.runs.number
                    await self._send(self._context.runs.message)

    async def _take_orders(self, client: ApiClient) -> None:
        bucket = TokenBucket(ORDERS_RATE, ORDERS_BURST, time.monotonic())
        async for data in self._connection:
            if not bucket.take(time.monotonic()):
                await self._connection.close(PROTOCOL_ERROR, "too many messages")
                return
            try:
                order = parse(data)
            except OrderError as error:
                await self._connection.close(PROTOCOL_ERROR, str(error)[:100])
                return
            if isinstance(order, ViewOrder):
                self._context.feed.look_at(order, instead_of=self._view)
                self._view = order
            elif not isinstance(order, LogInOrder):
                try:
                    answer = {"type": "done", **await client.carry_out(order)}
                except grpc.aio.AioRpcError as error:
                    answer = {"type": "failed", **failure(error)}
                await self._send({**answer, "id": order.id})

    async def _send(self, message: dict[str, Any] | msgspec.Raw) -> None:
        await self._connection.send(msgspec.json.encode(message))
