"""SIGHUP: read configuration and files again, and put all of it in force or nothing."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from typing import NoReturn

import structlog

from householdd.api.errors import Refusal
from householdd.config.access import AccessError
from householdd.config.loading import ConfigError
from householdd.config.settings import Settings
from householdd.settings.runtime import Catalogue
from householdd.supervisor import startup_checks
from householdd.supervisor.dashboard.dashboard import Dashboard
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.gate.tls_listener import TlsListener
from householdd.supervisor.parts import SupervisorParts
from householdd.supervisor.systemd import notify
from householdd.traffic.profiles import Profiles

log = structlog.get_logger("supervisor")

RELOADABLE = {"access", "timeouts", "limits", "log_level", "dashboard"}
"""Settings that a reload puts in force. The files of certificates, keys and tokens are read again as well."""


class Reload:
    """Reloads when ``wanted`` is set, one reload at a time."""

    def __init__(
        self,
        parts: SupervisorParts,
        read_settings: Callable[[], Settings],
        wanted: asyncio.Event,
        tls_listener: TlsListener | None,
        dashboard: Dashboard | None,
    ) -> None:
        """``tls_listener`` and ``dashboard`` are None where they are not served."""
        self._launch = parts.startup.settings
        self._profiles = parts.startup.profiles
        self._parts = parts
        self._read_settings = read_settings
        self._wanted = wanted
        self._tls_listener = tls_listener
        self._dashboard = dashboard

    async def run(self) -> NoReturn:
        """Reload until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
            try:
                await self._reload()
            except (AccessError, ConfigError, DaemonError, Refusal) as error:
                log.error("not reloaded; the old configuration stays in force", problem=str(error))
            except Exception:
                log.exception("reload failed")
            notify("READY=1")

    async def _reload(self) -> None:
        launch, parts = self._launch, self._parts
        fresh = self._read_settings()
        profiles = startup_checks.profiles(fresh)
        # Of the files of the launch, which are those that the workers read again.
        certificates = startup_checks.certificates_in_use(launch, startup_checks.certificate(launch)[0])
        startup_checks.check_validity(certificates)
        tokens = startup_checks.tokens(fresh)
        rules = parts.access.read(fresh.access, tokens)
        mutual_tls = startup_checks.mutual_tls(launch) if self._tls_listener is not None else None
        new_profiles = fresh.profiles != launch.profiles or self._profiles.differ_beyond_rates(profiles)
        # Workers keep the profiles of the launch until a restart, and then their rates stay as well.
        await self._change_config(fresh, self._profiles if new_profiles else profiles)
        # From here on nothing is refused.
        parts.access.rules, parts.access.tokens = rules, tokens
        if self._tls_listener is not None and mutual_tls is not None:
            self._tls_listener.context = mutual_tls
        if self._dashboard is not None:
            self._dashboard.reload()
        parts.pool.signal(signal.SIGHUP)
        parts.state.certificates = certificates
        startup_checks.log_validity(certificates, time.time())
        log.info("reloaded", needs_restart=_needs_restart(launch, fresh, new_profiles=new_profiles) or None)

    async def _change_config(self, fresh: Settings, profiles: Profiles) -> None:
        """Put the runtime configuration in force, at all workers or none. Raise Refusal."""
        catalogue = Catalogue(profiles)
        await self._parts.config.relaunch(
            catalogue, fresh.runtime_settings(catalogue), fresh.runtime_sources(catalogue)
        )
        self._profiles = profiles


def _needs_restart(launch: Settings, fresh: Settings, *, new_profiles: bool) -> list[str]:
    """Return the settings that differ from those of the launch and stay as they are until a restart."""
    differing = [name for name in type(fresh).model_fields if getattr(fresh, name) != getattr(launch, name)]
    if fresh.access.launch_only != launch.access.launch_only:
        differing.append("access.tcp, access.socket_group or access.socket_mode")
    if fresh.dashboard.launch_only != launch.dashboard.launch_only:
        differing.append("dashboard.listen or dashboard.names")
    if new_profiles and "profiles" not in differing:
        differing.append("profiles")
    return [name for name in differing if name not in RELOADABLE]
