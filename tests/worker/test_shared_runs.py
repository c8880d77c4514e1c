"""How long a worker reuses the answers about stored runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc.aio
import pytest

from household.internal.v1 import recorder_service_pb2 as pb
from household.internal.v1 import recorder_service_pb2_grpc
from householdd.worker.shared_runs import SharedRuns

RUN = "0123456789abcdef01234567"


class Recorder(recorder_service_pb2_grpc.RecorderServiceServicer):
    """Answers with the number of the call."""

    def __init__(self, *, final: bool) -> None:
        self.calls = 0
        self.final = final

    async def GetSharedRun(self, _: pb.GetSharedRunRequest, __: object) -> pb.GetSharedRunResponse:
        self.calls += 1
        return pb.GetSharedRunResponse(run=b"%d" % self.calls, final=self.final)

    async def RecordSessions(self, *_: object) -> pb.RecordSessionsResponse:
        raise NotImplementedError

    async def StoreRun(self, *_: object) -> pb.StoreRunResponse:
        raise NotImplementedError


async def ask(recorder: Recorder, path: Path, times: int) -> list[bytes | None]:
    server = grpc.aio.server()
    recorder_service_pb2_grpc.add_RecorderServiceServicer_to_server(recorder, server)
    server.add_insecure_port(f"unix:{path}")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
            runs = SharedRuns(channel)
            return [await runs(RUN) for _ in range(times)]
    finally:
        await server.stop(None)


@pytest.mark.parametrize(("final", "answers"), [(True, [b"1", b"1"]), (False, [b"1", b"2"])])
def test_only_a_final_answer_is_reused(tmp_path: Path, *, final: bool, answers: list[bytes]) -> None:
    assert asyncio.run(ask(Recorder(final=final), tmp_path / "recorder.sock", 2)) == answers
