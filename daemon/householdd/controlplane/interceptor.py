"""Turns what a handler raises into a status that tells the caller enough and no more."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import grpc
import grpc.aio
import structlog

from householdd.controlplane.failures import Refusal

log = structlog.get_logger("control")

OURS = "/household."
"""How the full names of our methods begin."""

Context = grpc.aio.ServicerContext[Any, Any]


class Failures(grpc.aio.ServerInterceptor):
    """Answers a Refusal as it is, and anything else with INTERNAL and an id that is in the log."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Wraps the handler of one method."""
        handler: Any = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(OURS):
            # Unknown methods, and the library's own health and reflection, which answer in styles of their own.
            return handler  # type: ignore[no-any-return]
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                _guard_stream(handler.unary_stream, method), handler.request_deserializer, handler.response_serializer
            )
        return grpc.unary_unary_rpc_method_handler(
            _guard_unary(handler.unary_unary, method), handler.request_deserializer, handler.response_serializer
        )


def _guard_unary(behavior: Callable[..., Awaitable[object]], method: str) -> Callable[..., Awaitable[object]]:
    async def guarded(request: object, context: Context) -> object:
        try:
            return await behavior(request, context)
        except Exception as error:  # noqa: BLE001 - every kind is answered and logged
            await _answer(error, context, method)

    return guarded


def _guard_stream(behavior: Callable[..., AsyncIterator[object]], method: str) -> Callable[..., AsyncIterator[object]]:
    async def guarded(request: object, context: Context) -> AsyncIterator[object]:
        try:
            async for response in behavior(request, context):
                yield response
        except Exception as error:  # noqa: BLE001 - every kind is answered and logged
            await _answer(error, context, method)

    return guarded


async def _answer(error: Exception, context: Context, method: str) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        # The handler has answered by itself, as the library's own services do.
        raise error
    if isinstance(error, Refusal):
        await context.abort_with_status(error.status())
    incident = uuid.uuid4().hex[:12]
    log.error("RPC failed", method=method, incident=incident, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, f"internal error; the daemon's log has it as incident {incident}")
    raise AssertionError
