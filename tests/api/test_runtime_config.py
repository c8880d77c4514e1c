from __future__ import annotations

import asyncio

import pytest

from household.v1.session_service_pb2 import UnreachableWorker
from householdd.api.errors import Refusal, precondition
from householdd.api.runtime_config import RuntimeConfig
from householdd.config.profiles import read_profiles
from householdd.settings.runtime import Catalogue, Source, Values

CATALOGUE = Catalogue(read_profiles(None))


class Fleet:
    """Where changes are carried to; it takes its time, and refuses while it is told to."""

    def __init__(self) -> None:
        self.values: Values = {}
        self.refuses = False

    async def apply(self, _before: Values, after: Values) -> list[UnreachableWorker]:
        await asyncio.sleep(0)
        if self.refuses:
            raise precondition("REFUSED", "not now")
        self.values = after
        return []


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def config(fleet: Fleet) -> RuntimeConfig:
    return RuntimeConfig(CATALOGUE, CATALOGUE.defaults, {}, fleet.apply)


async def test_changes_at_the_same_time_are_all_kept(config: RuntimeConfig, fleet: Fleet) -> None:
    await config.set({"timeouts.drain": 9})
    await asyncio.gather(
        config.set({"limits.max_sessions": 7}),
        config.set({"timeouts.close": 1}),
        config.reset(["timeouts.drain"]),
        config.relaunch(CATALOGUE, {**CATALOGUE.defaults, "timeouts.inactivity": 60}, {}),
        config.set({"log_level": 0}),
    )
    wanted = {"limits.max_sessions": 7, "timeouts.close": 1, "timeouts.inactivity": 60, "log_level": 0}
    assert config.current == fleet.values == {**CATALOGUE.defaults, **wanted}
    assert config.source("limits.max_sessions") is Source.RUNTIME
    assert config.source("timeouts.drain") is Source.DEFAULT


async def test_a_reload_that_is_refused_changes_nothing(config: RuntimeConfig, fleet: Fleet) -> None:
    fleet.refuses = True
    with pytest.raises(Refusal):
        await config.relaunch(CATALOGUE, {**CATALOGUE.defaults, "timeouts.drain": 9}, {"timeouts.drain": Source.FILE})
    assert config.current == config.launch == CATALOGUE.defaults
    assert config.source("timeouts.drain") is Source.DEFAULT
