"""Audit log: one line for each change, and each denial."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc
import structlog
from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from google.protobuf.message import Message

from householdd.api.callers import Caller
from householdd.api.errors import Refusal
from householdd.api.interceptor import Call
from householdd.capacity.token_bucket import TokenBucket

log = structlog.get_logger("audit")

DENIALS_RATE, DENIALS_BURST = 1.0, 20.0
"""Denials of one actor, per second and in a burst; more would make the journal drop other lines."""

_MAX_ACTORS = 1024
"""Beyond it the least recent actor is forgotten."""

_MAX_TEXT_LENGTH = 200
"""In characters."""

_MAX_IDS = 20
"""The number of all entries follows."""


class Audit:
    """``clock`` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._denials: OrderedDict[str, TokenBucket] = OrderedDict()
        self._suppressed: Counter[str] = Counter()

    @contextlib.contextmanager
    def record(self, method: str, caller: Caller, call: Call, *, change: bool) -> Iterator[None]:
        """Log the RPC when it ends, if it was a change or was denied."""
        began = self._clock()
        code = grpc.StatusCode.OK
        try:
            yield
        except Refusal as refusal:
            code = refusal.code
            raise
        except Exception:
            code = grpc.StatusCode.INTERNAL
            raise
        except BaseException:
            # The change may have been made.
            code = grpc.StatusCode.CANCELLED
            raise
        finally:
            facts = {"actor": caller.actor, "uid": caller.uid, "via": caller.via, "method": method}
            if code is grpc.StatusCode.PERMISSION_DENIED:
                self._denied(caller.actor, facts)
            elif change and not getattr(call.request, "validate_only", False):
                took = round((self._clock() - began) * 1e3)
                log.info("change", **facts, **_asked(call.request), **_done(call.response), outcome=code.name, ms=took)

    def _denied(self, actor: str, facts: Mapping[str, object]) -> None:
        now = self._clock()
        bucket = self._denials.setdefault(actor, TokenBucket(DENIALS_RATE, DENIALS_BURST, now))
        self._denials.move_to_end(actor)
        if len(self._denials) > _MAX_ACTORS:
            gone, _ = self._denials.popitem(last=False)
            self._suppressed.pop(gone, None)
        if bucket.take(now):
            log.warning("denied", **facts, outcome="PERMISSION_DENIED", suppressed=self._suppressed.pop(actor, 0))
        else:
            self._suppressed[actor] += 1


def _asked(request: Message | None) -> dict[str, object]:
    """Return reason and request id, and the rest under ``request``."""
    if request is None:
        return {}
    try:
        fields = _shown(MessageToDict(request, preserving_proto_field_name=True))
    except SerializeToJsonError:
        # A duration whose parts differ in sign is no JSON.
        return {"request": str(request)[:_MAX_TEXT_LENGTH]}
    named = {name: fields.pop(name) for name in ("reason", "request_id") if name in fields}
    return {**named, "request": fields}


def _shown(value: Any) -> Any:
    """Cut texts and lists to fit a log line."""
    match value:
        case dict():
            return {name: _shown(each) for name, each in value.items()}
        case list():
            cut = [_shown(each) for each in value[:_MAX_IDS]]
            return cut if len(value) <= _MAX_IDS else [*cut, f"{len(value)} in all"]
        case str():
            return value[:_MAX_TEXT_LENGTH]
    return value


def _done(response: Message | None) -> dict[str, object]:
    """Return counts, such as results by outcome, under ``answer``."""
    if response is None:
        return {}
    facts: dict[str, object] = {}
    for field, value in response.ListFields():
        outcome = field.message_type.fields_by_name.get("outcome") if field.message_type else None
        if outcome is not None and outcome.enum_type is not None:
            names = outcome.enum_type.values_by_number
            facts[field.name] = dict(Counter(names[each.outcome].name for each in value))
        elif isinstance(value, int):
            facts[field.name] = value
        elif not isinstance(value, (Message, str)):
            facts[field.name] = len(value)
    return {"answer": facts} if facts else {}
