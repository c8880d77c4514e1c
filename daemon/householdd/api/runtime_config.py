"""ConfigService, and the configuration that it changes; the same at a worker and at the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NoReturn

import grpc
import grpc.aio
from google.rpc import error_details_pb2

from household.v1 import config_service_pb2 as pb
from household.v1 import config_service_pb2_grpc
from household.v1.session_service_pb2 import UnreachableWorker
from householdd.api import config_messages
from householdd.api.errors import DOMAIN, Refusal, check_note, invalid, raise_invalid
from householdd.settings import runtime
from householdd.settings.definitions import SettingError, Timeouts
from householdd.settings.runtime import Catalogue, Source, Values

Apply = Callable[[Values, Values], Awaitable[list[UnreachableWorker]]]
"""Carries values to where they act, given those before; who could not be told. Raises, and then the old ones act."""

_Context = grpc.aio.ServicerContext[object, object]


class RuntimeConfig:
    """The values in force, those at launch, and where each comes from. One change at a time.

    A value that was set at run time stands over the one at launch, whatever a reload makes of that, until it is reset.
    """

    def __init__(self, catalogue: Catalogue, launch: Values, sources: Mapping[str, Source], apply: Apply) -> None:
        """``sources`` of the values at launch; what is not in it is a default."""
        self.catalogue = catalogue
        self.launch = launch
        self._sources = sources
        self._set: Values = {}
        """What was set at run time."""
        self._apply = apply
        self._lock = asyncio.Lock()

    @property
    def current(self) -> Values:
        """The values in force."""
        return {**self.launch, **self._set}

    @property
    def timeouts(self) -> Timeouts:
        """The deadlines in force."""
        return runtime.timeouts(self.current)

    @property
    def etag(self) -> str:
        """Stands for exactly the values in force."""
        return runtime.etag(self.current)

    def source(self, path: str) -> Source:
        """Where the value in force comes from."""
        return Source.RUNTIME if path in self._set else self.launch_source(path)

    def launch_source(self, path: str) -> Source:
        """Where the value at launch comes from."""
        return self._sources.get(path, Source.DEFAULT)

    async def set(
        self, values: Values, etag: str = "", *, validate_only: bool = False
    ) -> tuple[Values, list[UnreachableWorker]]:
        """Puts values in force; what is then in force, and who could not be told.

        Raises SettingError for a value that is not allowed, and Refusal for an etag that is no longer true; then
        nothing is changed.
        """
        self.catalogue.check(values)
        return await self._change(lambda chosen: {**chosen, **values}, etag, validate_only=validate_only)

    async def reset(
        self, paths: Iterable[str], etag: str = "", *, validate_only: bool = False
    ) -> tuple[Values, list[UnreachableWorker]]:
        """Puts settings back to launch; as ``set``."""
        gone = set(paths)

        def without(chosen: Values) -> Values:
            return {path: value for path, value in chosen.items() if path not in gone}

        return await self._change(without, etag, validate_only=validate_only)

    async def relaunch(self, catalogue: Catalogue, launch: Values, sources: Mapping[str, Source]) -> None:
        """The configuration was read anew: its values are in force where none was set at run time.

        ``catalogue`` has the settings that the one before has. Raises Refusal when the values cannot be put in force;
        then nothing is changed.
        """
        await self._change(lambda chosen: chosen, launch=launch)
        self.catalogue, self._sources = catalogue, sources

    async def _change(
        self,
        choose: Callable[[Values], Values],
        etag: str = "",
        *,
        launch: Values | None = None,
        validate_only: bool = False,
    ) -> tuple[Values, list[UnreachableWorker]]:
        """``choose`` makes what is set at run time of what was; it is asked when the changes before are through."""
        # Whoever asked for the change may hang up; it is carried through all the same.
        return await asyncio.shield(self._carry_out(choose, etag, launch, validate_only=validate_only))

    async def _carry_out(
        self, choose: Callable[[Values], Values], etag: str, launch: Values | None, *, validate_only: bool
    ) -> tuple[Values, list[UnreachableWorker]]:
        async with self._lock:
            before, chosen = self.current, choose(self._set)
            launch = self.launch if launch is None else launch
            after = {**launch, **chosen}
            if etag not in ("", runtime.etag(before)):
                _stale(etag, runtime.etag(before))
            if validate_only:
                return after, []
            missing = await self._apply(before, after) if after != before else []
            self.launch, self._set = launch, chosen
            return after, missing


class ConfigService(config_service_pb2_grpc.ConfigServiceServicer):
    """Reads and changes a RuntimeConfig."""

    def __init__(self, config: RuntimeConfig) -> None:
        self._config = config

    async def GetRuntimeConfig(self, _request: pb.GetRuntimeConfigRequest, _: _Context) -> pb.GetRuntimeConfigResponse:
        """Values in force and at launch, and every setting's meaning."""
        config, current = self._config, self._config.current
        settings = [
            config_messages.setting(
                path, config.catalogue, current, config.launch, (config.source(path), config.launch_source(path))
            )
            for path in config.catalogue.meanings
        ]
        return pb.GetRuntimeConfigResponse(
            current=config_messages.config(current),
            launch=config_messages.config(config.launch),
            settings=settings,
            etag=config.etag,
            profiles=config.catalogue.profiles,
        )

    async def UpdateRuntimeConfig(
        self, request: pb.UpdateRuntimeConfigRequest, _: _Context
    ) -> pb.UpdateRuntimeConfigResponse:
        """Takes the masked values, all or none."""
        check_note(request.reason)
        paths = self._paths(request.update_mask.paths)
        if not paths:
            raise_invalid("update_mask", f"names no setting; known are {', '.join(self._config.catalogue.meanings)}")
        values = config_messages.masked(request.config, paths)
        try:
            after, missing = await self._config.set(values, request.etag, validate_only=request.validate_only)
        except SettingError as error:
            raise invalid(f"config.{error.path}", error.problem) from None
        return pb.UpdateRuntimeConfigResponse(
            config=config_messages.config(after), etag=runtime.etag(after), unreachable_workers=missing
        )

    async def ResetRuntimeConfig(
        self, request: pb.ResetRuntimeConfigRequest, _: _Context
    ) -> pb.ResetRuntimeConfigResponse:
        """Goes back to launch, in the masked settings or in all."""
        check_note(request.reason)
        paths = self._paths(request.update_mask.paths) or list(self._config.catalogue.meanings)
        after, missing = await self._config.reset(paths, request.etag, validate_only=request.validate_only)
        return pb.ResetRuntimeConfigResponse(
            config=config_messages.config(after), etag=runtime.etag(after), unreachable_workers=missing
        )

    def _paths(self, paths: Iterable[str]) -> list[str]:
        try:
            return self._config.catalogue.expand(paths)
        except SettingError as error:
            raise invalid("update_mask", error.problem) from None


def _stale(etag: str, current: str) -> NoReturn:
    details = error_details_pb2.ErrorInfo(reason="STALE_ETAG", domain=DOMAIN, metadata={"etag": current})
    raise Refusal(
        grpc.StatusCode.ABORTED,
        f"etag: {etag[:64]!r} is no longer true, the configuration was changed; it is {current} now",
        details,
    )
