"""Every number, duration and choice that a request can carry has a range, and the error names the field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest
from grpc_status import rpc_status

from household.v1 import history_service_pb2, server_service_pb2, session_service_pb2
from tests.control_messages import METHODS
from tests.daemon import Daemon, running

FarField = tuple[MethodDescriptor, tuple[str, ...], list[Any]]

KEY = "jake"
"""Stands for every key of a map."""

EXTREMES: dict[int, list[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: [-1, 2**31 - 1],
    FieldDescriptor.CPPTYPE_INT64: [-1, 2**63 - 1],
    FieldDescriptor.CPPTYPE_UINT32: [0, 2**32 - 1],
    FieldDescriptor.CPPTYPE_UINT64: [0, 2**64 - 1],
    FieldDescriptor.CPPTYPE_DOUBLE: [-1.0, 1e18, math.inf, math.nan],
    FieldDescriptor.CPPTYPE_FLOAT: [-1.0, 1e18, math.inf, math.nan],
    FieldDescriptor.CPPTYPE_ENUM: [-1, 99],
}
SECONDS = [-1, 2**40, -(2**40)]
OUTSIDE_THE_CALENDAR = [2**40, -(2**40)]
"""Seconds since 1970, in the year 36812 and before the year 1."""

REST: dict[str, Message] = {
    "ListSessions": session_service_pb2.ListSessionsRequest(),
    "KillSessions": session_service_pb2.KillSessionsRequest(all=True, reason="a test", validate_only=True),
    "BlockAddresses": session_service_pb2.BlockAddressesRequest(
        addresses=["192.0.2.7"], reason="a test", validate_only=True
    ),
    "DrainServer": server_service_pb2.DrainServerRequest(reason="a test", validate_only=True),
    "ListHistory": history_service_pb2.ListHistoryRequest(),
    "ListRuns": history_service_pb2.ListRunsRequest(),
    "GetHistoryStats": history_service_pb2.GetHistoryStatsRequest(),
}
"""What else a request needs so that only the field under test is wrong."""


def ranged(
    descriptor: Any,
    path: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Every field that has to have a range, with values beyond any."""
    for field in descriptor.fields:
        here, nested = (*path, field.name), field.message_type
        if nested is None:
            if field.cpp_type in EXTREMES:
                yield here, EXTREMES[field.cpp_type]
        elif nested.GetOptions().map_entry:
            yield from ranged(nested.fields_by_name["value"].message_type, (*here, KEY))
        elif nested.full_name == "google.protobuf.Duration":
            yield here, SECONDS
        elif nested.full_name == "google.protobuf.Timestamp":
            yield here, OUTSIDE_THE_CALENDAR
        elif nested.file.package == descriptor.file.package:
            yield from ranged(nested, here)


FIELDS: list[FarField] = [(method, *found) for method in METHODS for found in ranged(method.input_type)]


def request_with(method: MethodDescriptor, path: tuple[str, ...], value: Any) -> Message:
    """A request that is right but for one field."""
    request: Any = GetMessageClass(method.input_type)()
    if method.name == "UpdateRuntimeConfig":
        request.validate_only = True
        request.update_mask.paths.append(".".join(path[1:]))
    else:
        request.CopyFrom(REST[method.name])
    holder = request
    for name in path[:-1]:
        holder = holder[name] if name == KEY else getattr(holder, name)
    field = holder.DESCRIPTOR.fields_by_name[path[-1]]
    if field.message_type is not None:
        getattr(holder, field.name).seconds = value
    else:
        setattr(holder, field.name, value)
    return request  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory: Path = tmp_path_factory.mktemp("ranges")
    with running(directory) as made:
        yield made


def test_there_are_fields_to_look_at() -> None:
    assert {
        ("spread",),
        ("config", "timeouts", "drain"),
        ("config", "profiles", KEY, "upload_mbps"),
        ("page_size",),
        ("since",),
    } <= {path for _, path, _ in FIELDS}


@pytest.mark.parametrize(
    ("method", "path", "values"), [pytest.param(*each, id=f"{each[0].name}-{'.'.join(each[1])}") for each in FIELDS]
)
def test_what_is_beyond_the_range_is_refused_by_field(
    daemon: Daemon, method: MethodDescriptor, path: tuple[str, ...], values: list[Any]
) -> None:
    service: Any = method.containing_service
    stub = {
        "SessionService": daemon.sessions,
        "ServerService": daemon.server,
        "ConfigService": daemon.config,
        "HistoryService": daemon.history,
    }[service.name]
    for value in values:
        with pytest.raises(grpc.RpcError) as refused:
            getattr(stub, method.name)(request_with(method, path, value), timeout=10)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT, value
        violations = BadRequest()
        rpc_status.from_call(refused.value).details[0].Unpack(violations)  # type: ignore[arg-type]
        assert [each.field for each in violations.field_violations] == [".".join(path)]
        assert violations.field_violations[0].description
