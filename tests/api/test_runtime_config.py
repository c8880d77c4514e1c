from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from household.v1.session_service_pb2 import UnreachableWorker
from householdd.api.errors import Refusal, precondition
from householdd.api.runtime_config import RuntimeConfig
from householdd.config.profiles import read_profiles
from householdd.settings.definitions import Limits, SettingError, Timeouts
from householdd.settings.runtime import Catalogue, LogLevel, RuntimeSettings, Source

CATALOGUE = Catalogue(read_profiles(None))


class Fleet:
    """Workers that take a change, or refuse it while ``refuses``."""

    def __init__(self) -> None:
        self.settings = CATALOGUE.defaults
        self.refuses = False

    async def apply(self, _before: RuntimeSettings, after: RuntimeSettings) -> list[UnreachableWorker]:
        await asyncio.sleep(0)
        if self.refuses:
            raise precondition("REFUSED", "not now")
        self.settings = after
        return []


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def config(fleet: Fleet) -> RuntimeConfig:
    return RuntimeConfig(CATALOGUE, CATALOGUE.defaults, {}, fleet.apply)


async def test_changes_at_the_same_time_are_all_kept(config: RuntimeConfig, fleet: Fleet) -> None:
    await config.set(RuntimeSettings(Timeouts(drain=9)), ["timeouts.drain"])
    launch = replace(CATALOGUE.defaults, timeouts=Timeouts(inactivity=60))
    await asyncio.gather(
        config.set(RuntimeSettings(limits=Limits(max_sessions=7)), ["limits.max_sessions"]),
        config.set(RuntimeSettings(Timeouts(close=1)), ["timeouts.close"]),
        config.reset(["timeouts.drain"]),
        config.relaunch(CATALOGUE, launch, {}),
        config.set(RuntimeSettings(log_level=LogLevel.DEBUG), ["log_level"]),
    )
    wanted = RuntimeSettings(
        Timeouts(inactivity=60, close=1), Limits(max_sessions=7), CATALOGUE.defaults.profiles, LogLevel.DEBUG
    )
    assert config.current == fleet.settings == wanted
    assert config.state.launch == launch
    assert config.state.source("limits.max_sessions") is Source.RUNTIME
    assert config.state.source("timeouts.drain") is Source.DEFAULT


async def test_a_value_set_at_run_time_outlasts_a_reload_until_it_is_reset(config: RuntimeConfig) -> None:
    await config.set(RuntimeSettings(Timeouts(drain=9)), ["timeouts.drain"])
    launch = replace(CATALOGUE.defaults, timeouts=Timeouts(drain=20, close=1))
    await config.relaunch(CATALOGUE, launch, {"timeouts.drain": Source.FILE, "timeouts.close": Source.FILE})
    assert config.current.timeouts == Timeouts(drain=9, close=1)
    assert config.state.source("timeouts.drain") is Source.RUNTIME
    assert config.state.source("timeouts.close") is Source.FILE
    await config.reset(["timeouts.drain"])
    assert config.current == launch
    assert config.state.source("timeouts.drain") is Source.FILE


async def test_a_reload_that_is_refused_changes_nothing(config: RuntimeConfig, fleet: Fleet) -> None:
    fleet.refuses = True
    before = config.state
    launch = replace(CATALOGUE.defaults, timeouts=Timeouts(drain=9))
    with pytest.raises(Refusal):
        await config.relaunch(CATALOGUE, launch, {"timeouts.drain": Source.FILE})
    assert config.state is before


async def test_a_stale_etag_or_a_wrong_value_changes_nothing(config: RuntimeConfig) -> None:
    before = config.state
    update = RuntimeSettings(Timeouts(close=1, drain=-1))
    with pytest.raises(Refusal, match=r"^etag: 'old' is stale"):
        await config.set(update, ["timeouts.close"], "old")
    with pytest.raises(SettingError, match=r"^timeouts.drain: -1 s is out of range; allowed is 0 to 3600 s$"):
        await config.set(update, ["timeouts.close", "timeouts.drain"])
    assert config.state is before


async def test_a_change_that_is_only_validated_is_not_applied(config: RuntimeConfig, fleet: Fleet) -> None:
    before = config.state
    after, _ = await config.set(RuntimeSettings(Timeouts(close=1)), ["timeouts.close"], validate_only=True)
    assert after.timeouts.close == 1
    assert config.state is before
    assert fleet.settings == CATALOGUE.defaults
