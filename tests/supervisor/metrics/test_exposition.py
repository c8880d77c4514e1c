from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from household.v1 import server_service_pb2 as pb
from householdd.api import metric_families as metrics
from householdd.supervisor.metrics.exposition import Exposition
from householdd.supervisor.metrics.rpcs import RpcCounts
from householdd.supervisor.services.server_service import DaemonState
from householdd.supervisor.worker_calls import WorkerHandle


class Bench:
    def __init__(self) -> None:
        self.time = 0.0
        self.workers = [WorkerHandle(name, Path("nowhere")) for name in ("0", "1")]
        self.exposition = Exposition(self.workers, DaemonState(listen_urls=[]), RpcCounts(), now=lambda: self.time)

    def opened(self, worker: int, count: int) -> None:
        self.workers[worker].counters.heard(
            [
                pb.Sample(metric=metrics.SESSIONS_OPENED.name, labels=["alex"], value=count),
                pb.Sample(metric=metrics.SLOW_PASSES.name, value=count),
            ]
        )

    async def values(self, name: str) -> dict[tuple[str, ...], float]:
        page = await self.exposition.render("")
        return {
            tuple(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(page.body.decode())
            for sample in family.samples
            if sample.name == name
        }


async def test_workers_are_added_up_except_where_they_differ_by_themselves() -> None:
    bench = Bench()
    bench.opened(0, 2)
    bench.opened(1, 3)
    assert await bench.values(metrics.SESSIONS_OPENED.name) == {("alex",): 5}
    assert await bench.values(metrics.SLOW_PASSES.name) == {("0",): 2, ("1",): 3}


async def test_those_who_ask_at_once_get_one_page() -> None:
    bench = Bench()
    bench.opened(0, 1)
    first = await bench.exposition.render("")
    bench.opened(0, 2)
    bench.time += 0.4
    assert await bench.exposition.render("") is first
    bench.time += 0.2
    assert await bench.values(metrics.SESSIONS_OPENED.name) == {("alex",): 2}


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", b"\n"),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text", b"# EOF\n"),
        ("application/openmetrics-text; version=abc", "text/plain; version=0.0.4; charset=utf-8", b"\n"),
        ("application/openmetrics-text; version=9.\xe9", "text/plain; version=0.0.4; charset=utf-8", b"\n"),
        ("\xff;=,,;version", "text/plain; version=0.0.4; charset=utf-8", b"\n"),
    ],
)
async def test_the_format_is_the_one_that_is_asked_for(accept: str, content_type: str, end: bytes) -> None:
    page = await Bench().exposition.render(accept)
    assert page.content_type.startswith(content_type)
    assert page.body.endswith(end)


async def test_every_family_tells_what_it_means() -> None:
    page = (await Bench().exposition.render("")).body.decode()
    for family in metrics.FAMILIES.values():
        assert f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind.value}\n" in page
