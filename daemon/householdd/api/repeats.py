"""Idempotent changes: a known ``request_id`` gets the first response."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from householdd.api.errors import invalid
from householdd.api.interceptor import OURS, Context

MAX_AGE_S = 600.0
"""Seconds for which a response is kept."""

MAX_COUNT = 1000
"""The oldest is dropped first."""

MAX_BYTES = 8 * 1024 * 1024
"""All responses kept, in bytes."""


@dataclass
class _Call:
    method: str
    digest: bytes
    """Digest of the request without its id."""
    began: float
    task: asyncio.Task[Message]

    @property
    def size(self) -> int:
        return self.task.result().ByteSize() if self.task.done() else 0


class Repeats(grpc.aio.ServerInterceptor):
    """A refused change is not remembered."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` is monotonic."""
        self._now = now
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        """Oldest first."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler: Any = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or handler.response_streaming or not method.startswith(OURS):
            return handler  # type: ignore[no-any-return]
        return grpc.unary_unary_rpc_method_handler(
            self._once(handler.unary_unary, method), handler.request_deserializer, handler.response_serializer
        )

    def _once(self, behavior: Callable[..., Any], method: str) -> Callable[..., Awaitable[Message]]:
        async def once(request: Any, context: Context) -> Message:
            if not getattr(request, "request_id", ""):
                return await behavior(request, context)  # type: ignore[no-any-return]
            request_id = _canonical(request.request_id)
            if request.validate_only:
                # Changes nothing.
                return await behavior(request, context)  # type: ignore[no-any-return]
            call = self._known(request_id, method, _digest(request))
            if call is None:
                task = asyncio.ensure_future(behavior(request, context))
                call = self._calls[request_id] = _Call(method, _digest(request), self._now(), task)
                task.add_done_callback(lambda done: self._done(request_id, done))
            # A caller who hangs up does not cancel the change.
            return await asyncio.shield(call.task)

        return once

    def _known(self, request_id: str, method: str, digest: bytes) -> _Call | None:
        self._forget()
        call = self._calls.get(request_id)
        if call is not None and (call.method, call.digest) != (method, digest):
            name, ago = call.method.rpartition("/")[2], self._now() - call.began
            raise invalid("request_id", f"was used {ago:.0f} s ago for another request, {name}; take a new UUID")
        return call

    def _done(self, request_id: str, task: asyncio.Task[Message]) -> None:
        if task.cancelled() or task.exception() is not None:
            # Nothing was changed, or the outcome is unknown; a repeat tries again.
            self._calls.pop(request_id, None)
        self._forget()

    def _forget(self) -> None:
        size = sum(call.size for call in self._calls.values())
        while self._calls:
            request_id, oldest = next(iter(self._calls.items()))
            fits = len(self._calls) <= MAX_COUNT and size <= MAX_BYTES
            if fits and self._now() - oldest.began < MAX_AGE_S:
                break
            size -= oldest.size
            del self._calls[request_id]


def _canonical(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise invalid("request_id", f"{text[:64]!r} is not a UUID") from None


def _digest(request: Message) -> bytes:
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("request_id")
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).digest()
