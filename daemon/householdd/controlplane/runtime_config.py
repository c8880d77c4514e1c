"""ConfigService, and the configuration that it changes; the same at a worker and at the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import grpc.aio

from household.v1 import config_service_pb2 as pb
from household.v1 import config_service_pb2_grpc
from householdd.controlplane import convert
from householdd.controlplane.failures import invalid, raise_invalid
from householdd.core.settings import SettingError, Timeouts

Apply = Callable[[Timeouts], Coroutine[Any, Any, None]]

_Context = grpc.aio.ServicerContext[object, object]


class RuntimeConfig:
    """The settings in force and those at launch. One change at a time; ``apply`` carries each to where it acts."""

    def __init__(self, launch: Timeouts, apply: Apply) -> None:
        self.launch = launch
        self.current = launch
        self._apply = apply
        self._lock = asyncio.Lock()

    async def change(self, values: dict[str, float]) -> Timeouts:
        """Puts values in force. Raises SettingError; then nothing is changed."""
        async with self._lock:
            await self._put(self.current.changed(values))
            return self.current

    async def reset(self, names: Iterable[str]) -> Timeouts:
        """Puts the named settings back to launch. Raises SettingError for an unknown name."""
        async with self._lock:
            names = list(names)
            for name in names:
                Timeouts.check_name(name)
            await self._put(self.current.changed({name: getattr(self.launch, name) for name in names}))
            return self.current

    async def relaunch(self, launch: Timeouts) -> None:
        """The configuration was read anew: its values are in force, and those to go back to."""
        async with self._lock:
            self.launch = launch
            await self._put(launch)

    async def _put(self, timeouts: Timeouts) -> None:
        if timeouts != self.current:
            self.current = timeouts
            # Whoever asked for the change may hang up; it is carried through all the same.
            await asyncio.shield(self._apply(timeouts))


class ConfigService(config_service_pb2_grpc.ConfigServiceServicer):
    """Reads and changes a RuntimeConfig."""

    def __init__(self, config: RuntimeConfig) -> None:
        self._config = config

    async def GetRuntimeConfig(self, _request: pb.GetRuntimeConfigRequest, _: _Context) -> pb.GetRuntimeConfigResponse:
        """Values in force and at launch, and every setting's meaning."""
        current, launch, default = self._config.current, self._config.launch, Timeouts()
        settings = [
            pb.Setting(
                path=f"timeouts.{name}",
                description=meaning.description,
                unit=meaning.unit,
                minimum=meaning.minimum,
                maximum=meaning.maximum,
                default_value=getattr(default, name),
                current_value=getattr(current, name),
                launch_value=getattr(launch, name),
            )
            for name, meaning in Timeouts.meanings().items()
        ]
        return pb.GetRuntimeConfigResponse(current=_message(current), launch=_message(launch), settings=settings)

    async def UpdateRuntimeConfig(
        self, request: pb.UpdateRuntimeConfigRequest, _: _Context
    ) -> pb.UpdateRuntimeConfigResponse:
        """Takes the masked values, all or none."""
        names = _names(request.update_mask.paths)
        if not names:
            raise_invalid("update_mask", f"names no setting; known are {', '.join(_paths())}")
        try:
            values = dict(convert.timeout_values(request.config.timeouts, names))
        except KeyError as missing:
            raise invalid(f"config.timeouts.{missing.args[0]}", "is in the update_mask but has no value") from None
        try:
            changed = self._config.current.changed(values)
            if not request.validate_only:
                changed = await self._config.change(values)
        except SettingError as error:
            raise invalid(f"config.timeouts.{error.path}", error.problem) from None
        return pb.UpdateRuntimeConfigResponse(config=_message(changed))

    async def ResetRuntimeConfig(
        self, request: pb.ResetRuntimeConfigRequest, _: _Context
    ) -> pb.ResetRuntimeConfigResponse:
        """Goes back to launch, in the masked settings or in all."""
        names = _names(request.update_mask.paths) or list(Timeouts.meanings())
        timeouts = await self._config.reset(names)
        return pb.ResetRuntimeConfigResponse(config=_message(timeouts))


def _message(timeouts: Timeouts) -> pb.RuntimeConfig:
    return pb.RuntimeConfig(timeouts=convert.timeouts(timeouts))


def _paths() -> list[str]:
    return [f"timeouts.{name}" for name in Timeouts.meanings()]


def _names(paths: Iterable[str]) -> list[str]:
    names: list[str] = []
    for path in paths:
        if path == "timeouts":
            names += Timeouts.meanings()
            continue
        if path not in _paths():
            raise_invalid("update_mask", f"no setting {path!r}; known are timeouts, {', '.join(_paths())}")
        names.append(path.removeprefix("timeouts."))
    return list(dict.fromkeys(names))
