"""ConfigService and the settings that it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

import grpc
import grpc.aio
from google.rpc import error_details_pb2

from household.v1 import config_service_pb2 as pb
from household.v1 import config_service_pb2_grpc
from household.v1.session_service_pb2 import UnreachableWorker
from householdd.api import config_messages
from householdd.api.errors import DOMAIN, Refusal, check_note, invalid, raise_invalid
from householdd.settings.definitions import SettingError
from householdd.settings.runtime import Catalogue, RuntimeSettings, Source

Apply = Callable[[RuntimeSettings, RuntimeSettings], Awaitable[list[UnreachableWorker]]]
"""Replaces the first settings by the second; returns the workers that could not be told.

Raise Refusal if the first stay in force.
"""

_Context = grpc.aio.ServicerContext[object, object]


@dataclass(frozen=True)
class ConfigState:
    """Settings in force and at launch, with sources."""

    catalogue: Catalogue
    launch: RuntimeSettings
    launch_sources: Mapping[str, Source]
    """By path; absent paths have their default."""
    current: RuntimeSettings
    set_at_runtime: frozenset[str] = frozenset()
    """Paths whose values outlast a reload, until they are reset."""

    def source(self, path: str) -> Source:
        return Source.RUNTIME if path in self.set_at_runtime else self.launch_source(path)

    def launch_source(self, path: str) -> Source:
        return self.launch_sources.get(path, Source.DEFAULT)


class RuntimeConfig:
    """Changes settings one at a time, completely or not at all."""

    def __init__(
        self, catalogue: Catalogue, launch: RuntimeSettings, sources: Mapping[str, Source], apply: Apply
    ) -> None:
        """``sources`` are those at launch; absent paths have their default."""
        self.state = ConfigState(catalogue, launch, sources, launch)
        self._apply = apply
        self._lock = asyncio.Lock()

    @property
    def current(self) -> RuntimeSettings:
        return self.state.current

    async def set(
        self, update: RuntimeSettings, mask: Collection[str], etag: str = "", *, validate_only: bool = False
    ) -> tuple[RuntimeSettings, list[UnreachableWorker]]:
        """Put the values at the paths in ``mask`` in force.

        Return the settings, and the workers that could not be told. Raise SettingError for a bad value, and Refusal
        for a stale etag, and change nothing.
        """
        self.state.catalogue.check(update, mask)

        def change(state: ConfigState) -> ConfigState:
            current = state.current.merge(update, mask)
            return replace(state, current=current, set_at_runtime=state.set_at_runtime | set(mask))

        return await self._change(change, etag, validate_only=validate_only)

    async def reset(
        self, mask: Collection[str], etag: str = "", *, validate_only: bool = False
    ) -> tuple[RuntimeSettings, list[UnreachableWorker]]:
        """Put launch values in force, as ``set`` does."""

        def change(state: ConfigState) -> ConfigState:
            current = state.current.merge(state.launch, mask)
            return replace(state, current=current, set_at_runtime=state.set_at_runtime - set(mask))

        return await self._change(change, etag, validate_only=validate_only)

    async def relaunch(self, catalogue: Catalogue, launch: RuntimeSettings, sources: Mapping[str, Source]) -> None:
        """Put a reloaded configuration in force, except for values set at run time.

        Raise Refusal, and change nothing, if that fails.
        """

        def change(state: ConfigState) -> ConfigState:
            current = launch.merge(state.current, state.set_at_runtime)
            return ConfigState(catalogue, launch, sources, current, state.set_at_runtime)

        await self._change(change)

    async def _change(
        self, change: Callable[[ConfigState], ConfigState], etag: str = "", *, validate_only: bool = False
    ) -> tuple[RuntimeSettings, list[UnreachableWorker]]:
        # A caller who hangs up does not cancel the change.
        return await asyncio.shield(self._carry_out(change, etag, validate_only=validate_only))

    async def _carry_out(
        self, change: Callable[[ConfigState], ConfigState], etag: str, *, validate_only: bool
    ) -> tuple[RuntimeSettings, list[UnreachableWorker]]:
        async with self._lock:
            before, after = self.state, change(self.state)
            if etag not in ("", before.current.etag):
                _stale(etag, before.current.etag)
            if validate_only:
                return after.current, []
            unreachable = await self._apply(before.current, after.current) if after.current != before.current else []
            self.state = after
            return after.current, unreachable


class ConfigService(config_service_pb2_grpc.ConfigServiceServicer):
    """Reads and changes a RuntimeConfig."""

    def __init__(self, config: RuntimeConfig) -> None:
        self._config = config

    async def GetRuntimeConfig(self, _request: pb.GetRuntimeConfigRequest, _: _Context) -> pb.GetRuntimeConfigResponse:
        state = self._config.state
        default, current, launch = (
            settings.by_path() for settings in (state.catalogue.defaults, state.current, state.launch)
        )
        return pb.GetRuntimeConfigResponse(
            current=config_messages.config(state.current),
            launch=config_messages.config(state.launch),
            settings=[
                config_messages.setting(
                    path,
                    definition,
                    (default[path], current[path], launch[path]),
                    (state.source(path), state.launch_source(path)),
                )
                for path, definition in state.catalogue.definitions.items()
            ],
            etag=state.current.etag,
            profiles=state.catalogue.profiles,
        )

    async def UpdateRuntimeConfig(
        self, request: pb.UpdateRuntimeConfigRequest, _: _Context
    ) -> pb.UpdateRuntimeConfigResponse:
        check_note(request.reason)
        mask = self._expand(request.update_mask.paths)
        if not mask:
            raise_invalid(
                "update_mask", f"names no setting; known are {', '.join(self._config.state.catalogue.definitions)}"
            )
        update = config_messages.update(request.config, mask, self._config.current)
        try:
            after, unreachable = await self._config.set(update, mask, request.etag, validate_only=request.validate_only)
        except SettingError as error:
            raise invalid(f"config.{error.path}", error.problem) from None
        return pb.UpdateRuntimeConfigResponse(
            config=config_messages.config(after), etag=after.etag, unreachable_workers=unreachable
        )

    async def ResetRuntimeConfig(
        self, request: pb.ResetRuntimeConfigRequest, _: _Context
    ) -> pb.ResetRuntimeConfigResponse:
        check_note(request.reason)
        mask = self._expand(request.update_mask.paths) or list(self._config.state.catalogue.definitions)
        after, unreachable = await self._config.reset(mask, request.etag, validate_only=request.validate_only)
        return pb.ResetRuntimeConfigResponse(
            config=config_messages.config(after), etag=after.etag, unreachable_workers=unreachable
        )

    def _expand(self, paths: Iterable[str]) -> list[str]:
        try:
            return self._config.state.catalogue.expand(paths)
        except SettingError as error:
            raise invalid("update_mask", error.problem) from None


def _stale(etag: str, current: str) -> NoReturn:
    details = error_details_pb2.ErrorInfo(reason="STALE_ETAG", domain=DOMAIN, metadata={"etag": current})
    raise Refusal(
        grpc.StatusCode.ABORTED,
        f"etag: {etag[:64]!r} is stale, the configuration has changed; its etag is {current}",
        details,
    )
