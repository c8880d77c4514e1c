"""Clients of another make: grpclib, a gRPC of its own in Python on the h2 library, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.daemon import Daemon

CLIENT = """
import asyncio, json, sys
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpclib.client import Channel
from grpclib.const import Cardinality
from grpclib.health.v1.health_grpc import HealthStub
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpclib.reflection.v1alpha.reflection_grpc import ServerReflectionStub
from grpclib.reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

async def main(path):
    async with Channel(path=path) as channel:
        health = await HealthStub(channel).Check(HealthCheckRequest())
        reflection = ServerReflectionStub(channel)
        ask = lambda **question: reflection.ServerReflectionInfo([ServerReflectionRequest(**question)])
        services = (await ask(list_services="*"))[0].list_services_response.service
        # What the client knows of the API it has from the daemon.
        pool = descriptor_pool.DescriptorPool()
        async def learn(**question):
            answer = (await ask(**question))[0]
            for blob in answer.file_descriptor_response.file_descriptor_proto:
                file = FileDescriptorProto.FromString(blob)
                if file.name not in known:
                    known.add(file.name)
                    for dependency in file.dependency:
                        await learn(file_by_filename=dependency)
                    pool.Add(file)
        known = set()
        await learn(file_containing_symbol="household.v1.ServerService")
        method = pool.FindServiceByName("household.v1.ServerService").FindMethodByName("GetServer")
        request, response = map(message_factory.GetMessageClass, (method.input_type, method.output_type))
        path = "/household.v1.ServerService/GetServer"
        async with channel.request(path, Cardinality.UNARY_UNARY, request, response) as call:
            await call.send_message(request(), end=True)
            server = (await call.recv_message()).server
        print(json.dumps({
            "health": HealthCheckResponse.ServingStatus.Name(health.status),
            "services": [service.name for service in services],
            "version": server.version,
            "workers": len(server.workers),
        }))

asyncio.run(main(sys.argv[1]))
"""


def test_reflection_and_health_serve_a_client_of_another_make(shared_daemon: Daemon) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, str(shared_daemon.control_socket)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["health"] == "SERVING"
    assert {"household.v1.SessionService", "household.v1.ServerService", "grpc.health.v1.Health"} < set(
        told["services"]
    )
    assert told["version"] == shared_daemon.get_server().version
    assert told["workers"] == 1
