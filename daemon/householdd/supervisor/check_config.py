"""``householdd check-config``: the checks of a start, and each setting with its source."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from householdd.config.certificates import Certificate
from householdd.config.loading import ConfigError, load
from householdd.config.settings import DEV_DEFAULTS, ENV_PREFIX, Settings
from householdd.settings.definitions import SettingGroup
from householdd.settings.runtime import Source
from householdd.supervisor import startup_checks
from householdd.supervisor.errors import DaemonError

UNIT_FILE = Path("/etc/householdd/householdd.toml")
"""The file that the systemd unit names."""

EXPIRY_NOTICE_S = 14 * 86400
"""Seconds before the end of a certificate from which a notice is printed."""


def report(options: dict[str, Any], file: Path | None) -> Iterator[str]:
    """Yield a line for each setting with its value and source, then notes. Raises ConfigError.

    ``options`` and ``file`` are those of a start.
    """
    settings = load(options, file)
    try:
        startup_checks.check(settings)
    except DaemonError as error:
        raise ConfigError(str(error)) from None
    rows = [(key, _shown(value), _source(settings, key, file)) for key, value in _flat(settings)]
    width = max(len(f"{key} = {value}") for key, value, _ in rows if len(value) < 40)  # one long value may stand out
    for key, value, source in rows:
        yield f"{f'{key} = {value}':{width}}  # {source}"
    for warning in settings.warnings:
        yield f"warning: {warning}"
    for certificate in startup_checks.certificates_in_use(settings, settings.cert):
        yield _validity(certificate)


def _source(settings: Settings, key: str, file: Path | None) -> str:
    match settings.source(key):
        case Source.OPTION:
            return f"--{key.replace('_', '-')}"
        case Source.ENVIRONMENT:
            return f"{ENV_PREFIX}{key.replace('.', '__').upper()}"
        case Source.FILE:
            return str(file)
    return "default with dev" if settings.dev and key in DEV_DEFAULTS else "default"


def _flat(settings: Settings) -> Iterator[tuple[str, object]]:
    for name, value in settings:
        yield from _below(name, value)


def _below(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, BaseModel):
        value = dict(value)
    elif isinstance(value, SettingGroup):
        value = asdict(value)
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _below(f"{path}.{key}", each)
    else:
        yield path, value


def _shown(value: object) -> str:
    """Return a value as in TOML; TOML has none for an unset key."""
    return "(none)" if value is None else json.dumps(value, default=str, ensure_ascii=False)


def _validity(certificate: Certificate) -> str:
    left = certificate.expires_at - time.time()
    name = "certificate" if certificate.setting == "cert" else certificate.setting
    words = f"{name}: valid until {certificate.valid_until}"
    return f"{words}: renew it soon" if left < EXPIRY_NOTICE_S else words
