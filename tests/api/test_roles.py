from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from householdd.api.callers import Caller
from householdd.api.roles import LEAST, Grants, Role, Rules
from tests.daemon import Daemon

CHANGES = {"Drain", "Resume", "Shutdown", "Kill", "Block", "Unblock", "Update", "Reset"}


def served(daemon: Daemon) -> set[str]:
    """Return the full names of all methods that the daemon serves, by reflection."""
    with grpc.insecure_channel(f"unix:{daemon.control_socket}") as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)

        def ask(**question: Any) -> Any:
            request = reflection_pb2.ServerReflectionRequest(**question)
            return next(iter(stub.ServerReflectionInfo(iter([request]), timeout=10)))

        methods = set()
        for service in ask(list_services="*").list_services_response.service:
            for blob in ask(file_containing_symbol=service.name).file_descriptor_response.file_descriptor_proto:
                file = FileDescriptorProto.FromString(blob)
                for each in file.service:
                    if f"{file.package}.{each.name}" == service.name:
                        methods |= {f"{service.name}/{method.name}" for method in each.method}
    return methods


def test_every_method_that_is_served_has_a_least_role(shared_daemon: Daemon) -> None:
    methods = served(shared_daemon)
    assert len(methods) > 12
    assert methods <= LEAST.keys(), "add the missing ones to householdd.api.roles.LEAST"


def test_what_changes_something_takes_more_than_a_viewer() -> None:
    for method, least in LEAST.items():
        name = method.rpartition("/")[2]
        assert (least > Role.VIEWER) == any(name.startswith(verb) for verb in CHANGES), method
    assert LEAST["household.v1.ServerService/ShutdownServer"] is Role.ADMIN


@pytest.mark.parametrize(
    ("caller", "role"),
    [
        (Caller("", "", uid=7), Role.NONE),
        (Caller("", "", uid=1), Role.VIEWER),
        (Caller("", "", uid=7, gids=frozenset({8, 20})), Role.OPERATOR),
        (Caller("", "", uid=1, gids=frozenset({20})), Role.OPERATOR),
        (Caller("", "", names=frozenset({"DNS:a", "URI:b"})), Role.ADMIN),
        (Caller("", ""), Role.NONE),
    ],
)
def test_the_greatest_role_counts(caller: Caller, role: Role) -> None:
    rules = Rules(
        {
            Role.VIEWER: Grants(uids=frozenset({1})),
            Role.OPERATOR: Grants(gids=frozenset({20})),
            Role.ADMIN: Grants(names=frozenset({"URI:b"})),
        }
    )
    assert rules.role(caller) is role
