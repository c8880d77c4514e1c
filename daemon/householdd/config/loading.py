"""Loading: options of the command line over ``HOUSEHOLDD_*`` over the TOML file over defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from householdd.config import errors
from householdd.config.settings import ENV_PREFIX, Settings
from householdd.config.toml_files import read_toml
from householdd.settings.definitions import SettingError
from householdd.settings.runtime import Source


class ConfigError(ValueError):
    """The message names the setting, its source, and what is allowed."""


def load(options: Mapping[str, Any], file: Path | None) -> Settings:
    """``options`` are those of the command line. Raise ConfigError for the first problem."""
    # Once: may be a pipe.
    content = None if file is None else _read(file)

    found: dict[Source, PydanticBaseSettingsSource] = {}

    class Sourced(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not a source of ours
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not a source of ours
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            in_file = () if content is None else (InitSettingsSource(settings_cls, content),)
            # Later sources take precedence.
            found.update(zip((Source.FILE,), in_file, strict=False))
            found.update({Source.ENVIRONMENT: env_settings, Source.OPTION: init_settings})
            return init_settings, env_settings, *in_file

    try:
        settings = Sourced(**options)
    except ValidationError as error:
        raise ConfigError(_first_problem(error, options, file)) from None
    for source, given in found.items():
        settings.came_from(source, _paths(given()))
    return settings


def load_again(options: Mapping[str, Any], file: Path | None) -> Settings:
    """Raise ConfigError, also for a pipe, empty after the start."""
    if file is not None and file.exists() and not file.is_file():
        raise ConfigError(f"{file}: not a regular file, so it cannot be read again")
    return load(options, file)


def _paths(given: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield paths such as ``timeouts.inactivity``."""
    for key, value in given.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_toml(file)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from None


def _section(path: Sequence[int | str]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for key in path:
        model = cast("type[BaseModel]", model.model_fields[str(key)].annotation)
    return model


def _is_given(path: Sequence[int | str], given: object) -> bool:
    """Whether ``given`` has the value, or one that contains it."""
    for key in path:
        if not isinstance(given, Mapping):
            return True
        if key not in given:
            return False
        given = given[key]
    return True


def _first_problem(error: ValidationError, options: Mapping[str, Any], file: Path | None) -> str:
    first = error.errors()[0]
    if first["type"] == "extra_forbidden":
        words = f"no such setting; known are {', '.join(_section(first['loc'][:-1]).model_fields)}"
    else:
        words = errors.describe(first)
    loc = first["loc"]
    if first["type"] == "value_error" and isinstance(wrong := first["ctx"]["error"], SettingError):
        loc, words = (*loc, wrong.path), wrong.problem
    key = ".".join(map(str, loc))
    if not key:
        return words
    top = str(first["loc"][0])
    if _is_given(first["loc"], options):
        return f"--{key.replace('_', '-').replace('.', '-')}: {words}"
    if any(name.upper().startswith(f"{ENV_PREFIX}{top.upper()}") for name in os.environ):
        return f"{ENV_PREFIX}{key.upper().replace('.', '__')}: {words}"
    return f"{file}: {key}: {words}"
