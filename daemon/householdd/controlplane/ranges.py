"""Ranges of request fields that are no settings."""

from __future__ import annotations

from household.v1 import server_service_pb2 as pb
from householdd.controlplane.convert import seconds
from householdd.controlplane.failures import invalid
from householdd.core.settings import SettingError, Timeouts


def drain_deadline(request: pb.DrainServerRequest, default: float) -> float:
    """Seconds until a drain ends what is left; the setting's range holds for the request too. Raises Refusal."""
    if not request.HasField("deadline"):
        return default
    value = seconds(request.deadline)
    try:
        return Timeouts().changed({"drain": value}).drain
    except SettingError as error:
        raise invalid("deadline", error.problem) from None
