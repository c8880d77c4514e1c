"""Counts the calls of the control API."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any

import grpc
import grpc.aio
from google.protobuf import descriptor_pool

from householdd.api import metric_families as metrics
from householdd.api.interceptor import Context
from householdd.api.server import SERVICES
from householdd.measure.histogram import Histogram
from householdd.supervisor.counter_aggregate import Key, Value

_CODES = {code.value[0]: code.name for code in grpc.StatusCode}

_FROM_THE_START = ("OK", "INTERNAL")
"""Codes whose series start at 0, since a rate misses the increase to the first value of a series."""


class RpcCounts(grpc.aio.ServerInterceptor):
    """Counts calls; must be the outermost interceptor, to see the final status."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` is a monotonic clock."""
        self._now = now
        self._ended: Counter[tuple[str, str]] = Counter()
        self._running: Counter[str] = Counter()
        self._durations: dict[str, Histogram] = {}
        for service in SERVICES:
            for method in descriptor_pool.Default().FindServiceByName(service).methods:
                for code in _FROM_THE_START:
                    self._ended[f"{service}/{method.name}", code] = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Wrap the handler of a method. Unknown methods are not counted: the caller chooses their names."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method.removeprefix("/")
        streams = (handler.request_streaming, handler.response_streaming)
        kind = "_".join("stream" if each else "unary" for each in streams)
        behavior = getattr(handler, kind)
        counted = self._stream(behavior, method) if handler.response_streaming else self._unary(behavior, method)
        wrap = getattr(grpc, f"{kind}_rpc_method_handler")
        return wrap(counted, handler.request_deserializer, handler.response_serializer)  # type: ignore[no-any-return]

    def values(self) -> Iterable[tuple[Key, Value]]:
        for (method, code), count in self._ended.items():
            yield (metrics.RPCS.name, (method, code)), Value(count)
        for method, count in self._running.items():
            yield (metrics.RPCS_IN_PROGRESS.name, (method,)), Value(count)
        for method, histogram in self._durations.items():
            yield (metrics.RPC_TIME.name, (method,)), Value(histogram.sum, tuple(histogram.counts))

    def _unary(self, behavior: Callable[..., Awaitable[object]], method: str) -> Callable[..., Awaitable[object]]:
        durations = self._durations.setdefault(method, Histogram(metrics.RPC_TIME.bounds))

        async def counted(request: object, context: Context) -> object:
            began = self._now()
            with self._counting(method, context):
                try:
                    return await behavior(request, context)
                finally:
                    durations.observe(self._now() - began)

        return counted

    def _stream(self, behavior: Callable[..., Any], method: str) -> Callable[..., AsyncIterator[object]]:
        async def counted(request: object, context: Context) -> AsyncIterator[object]:
            with self._counting(method, context):
                answers = behavior(request, context)
                if inspect.isawaitable(answers):
                    # The library's health service writes its responses itself.
                    await answers
                    return
                async for answer in answers:
                    yield answer

        return counted

    @contextlib.contextmanager
    def _counting(self, method: str, context: Context) -> Iterator[None]:
        self._running[method] += 1
        code = "UNKNOWN"
        try:
            yield
            code = _told(context, "OK")
        except (asyncio.CancelledError, GeneratorExit):
            code = "CANCELLED"
            raise
        except Exception:
            code = _told(context, "UNKNOWN")
            raise
        finally:
            self._running[method] -= 1
            self._ended[method, code] += 1


def _told(context: Context, otherwise: str) -> str:
    """Return the code that the handler set, as a code or a number; ``otherwise`` if none (0)."""
    code: Any = context.code()
    if isinstance(code, grpc.StatusCode):
        return code.name
    return _CODES[code] if code in _CODES and code else otherwise
