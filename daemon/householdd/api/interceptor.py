"""Interceptor of every RPC: admits, reads the request, and maps errors."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError

from householdd.api.errors import Refusal

log = structlog.get_logger("control")

OURS = "/household."
"""Prefix of our methods."""

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class Call:
    """An open RPC."""

    request: Any = None
    response: Any = None


class CallAdmission(Protocol):
    """Admits an RPC before its request is read."""

    def __call__(self, method: str, context: Context, *, stream: bool) -> AbstractContextManager[Call]:
        """Count the RPC while open; ``stream`` RPCs stay open. Raise Refusal."""


def everybody(method: str, context: Context, *, stream: bool) -> AbstractContextManager[Call]:  # noqa: ARG001 - all are admitted
    """Serve a socket that only the daemon can reach."""
    return contextlib.nullcontext(Call())


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps each handler in one that reads a stream of bytes, so that it runs before the request has arrived.

    The caller is admitted first; the request must arrive within ``timeout`` seconds.
    """

    def __init__(self, admission: CallAdmission, timeout: float) -> None:
        self._admission = admission
        self._timeout = timeout

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """An unknown method stays unknown."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method.removeprefix("/")
        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                self._stream(handler, method), None, handler.response_serializer
            )
        return grpc.stream_unary_rpc_method_handler(self._unary(handler, method), None, handler.response_serializer)

    def _unary(self, handler: Any, method: str) -> Callable[..., Awaitable[object]]:
        async def serve(requests: AsyncIterator[bytes], context: Context) -> object:
            try:
                with self._admission(method, context, stream=False) as call:
                    call.request = await self._only(requests, handler.request_deserializer)
                    call.response = await handler.unary_unary(call.request, context)
                    return call.response
            except Exception as error:  # noqa: BLE001 - every kind is answered and logged
                await _answer(error, context, method)

        return serve

    def _stream(self, handler: Any, method: str) -> Callable[..., AsyncIterator[object]]:
        async def serve(requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[object]:
            try:
                with self._admission(method, context, stream=True) as call:
                    if handler.request_streaming:
                        answers = handler.stream_stream(_decoded(requests, handler.request_deserializer), context)
                    else:
                        call.request = await self._only(requests, handler.request_deserializer)
                        answers = handler.unary_stream(call.request, context)
                    if inspect.isawaitable(answers):
                        # The library's health service writes its responses itself.
                        await answers
                        return
                    async for answer in answers:
                        yield answer
            except Exception as error:  # noqa: BLE001 - every kind is answered and logged
                await _answer(error, context, method)

        return serve

    async def _only(self, requests: AsyncIterator[bytes], decode: Callable[[bytes], object]) -> object:
        try:
            async with asyncio.timeout(self._timeout):
                data = await anext(aiter(requests))
        except StopAsyncIteration:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "the RPC has no request") from None
        except TimeoutError:
            message = f"no request within {self._timeout:g} s after the RPC began"
            raise Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, message) from None
        return _decode(data, decode)


async def _decoded(requests: AsyncIterator[bytes], decode: Callable[[bytes], object]) -> AsyncIterator[object]:
    async for data in requests:
        yield _decode(data, decode)


def _decode(data: bytes, decode: Callable[[bytes], object]) -> object:
    try:
        return decode(data)
    except DecodeError:
        message = f"the request of {len(data)} bytes is not a message of its type"
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, message) from None


async def _answer(error: Exception, context: Context, method: str) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        # The handler has set the status, as the library's services do.
        raise error
    if isinstance(error, Refusal):
        await context.abort_with_status(error.status())
    if isinstance(error, NotImplementedError):
        # The generated classes raise this.
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not served")
    incident = uuid.uuid4().hex[:12]
    log.error("RPC failed", method=method, incident=incident, exc_info=error)
    await context.abort(
        grpc.StatusCode.INTERNAL, f"internal error; the daemon's log has the details under incident {incident}"
    )
    raise AssertionError
