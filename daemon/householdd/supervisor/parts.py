"""The parts of the daemon, put together; nothing runs yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from household.v1 import server_service_pb2
from household.v1.session_service_pb2 import UnreachableWorker
from householdd.admission.blocks import Blocks
from householdd.api.access import AccessControl
from householdd.api.audit import Audit
from householdd.api.block_list import BlockList
from householdd.api.call_limits import CallLimits
from householdd.api.callers import Connections
from householdd.api.repeats import Repeats
from householdd.api.roles import Rules
from householdd.api.runtime_config import ConfigService, RuntimeConfig
from householdd.api.server import ControlServer, Services
from householdd.config.access import AccessError, AccessSettings
from householdd.config.dashboard_tokens import DashboardTokens
from householdd.logs import setup
from householdd.settings.runtime import Catalogue, RuntimeSettings
from householdd.supervisor import config_push
from householdd.supervisor.emergency import Emergency
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.gate.gate import Gate
from householdd.supervisor.metrics.rpcs import RpcCounts
from householdd.supervisor.pool import Hooks, WorkerPool
from householdd.supervisor.services.history_service import HistoryService
from householdd.supervisor.services.server_service import DaemonState, FanOutServerService, resume
from householdd.supervisor.services.session_service import FanOutSessionService, brief_blocks
from householdd.supervisor.shared_memory import SharedMemory
from householdd.supervisor.shutdown import Shutdown
from householdd.supervisor.startup import Startup
from householdd.supervisor.worker_calls import WorkerHandle
from householdd.supervisor.worker_settings import worker_settings

BRIEFING_TIMEOUT_S = 5.0
"""Seconds that a worker has for each call that tells it what has changed since the launch."""


class AccessInForce:
    """Roles and dashboard tokens in force. A reload replaces them."""

    def __init__(self, control_path: Path, tokens: DashboardTokens) -> None:
        self._control_path = control_path
        self.tokens = tokens
        self.rules = Rules()
        """Roles; none before :meth:`begin`."""

    def begin(self, access: AccessSettings) -> None:
        """Put the first rules in force; the control socket, whose group has a role, exists. Raise DaemonError."""
        try:
            self.rules = self.read(access, self.tokens)
        except AccessError as error:
            raise DaemonError(str(error)) from None

    def read(self, access: AccessSettings, tokens: DashboardTokens) -> Rules:
        """Return the rules of ``access``. Raise AccessError."""
        return access.rules(os.geteuid(), self._control_path.stat().st_gid).with_names(tokens.roles)


@dataclass(frozen=True)
class SupervisorParts:
    """The parts that several services share."""

    startup: Startup
    workers: list[WorkerHandle]
    state: DaemonState
    config: RuntimeConfig
    pool: WorkerPool
    server: FanOutServerService
    emergency: Emergency
    access: AccessInForce
    limits: CallLimits
    gate: Gate
    rpcs: RpcCounts
    control: ControlServer


def assemble(startup: Startup, memory: SharedMemory, shutdown: Shutdown) -> SupervisorParts:
    """Make the parts; ``memory`` is what the workers share."""
    settings, paths, history = startup.settings, startup.paths, startup.history
    state = DaemonState([startup.clients.url], history=history, certificates=startup.certificates)
    workers = [WorkerHandle(str(index), paths.worker_socket(index)) for index in range(settings.worker_count)]
    config, blocks = _runtime_config(startup, workers), BlockList(Blocks())

    def stopped(worker: WorkerHandle, reason: str) -> None:
        if not state.stopping:
            emergency.stopped_by_itself(worker.name, reason)

    pool = WorkerPool(
        {each.name: worker_settings(startup, config.state.launch, memory.fd, i) for i, each in enumerate(workers)},
        workers,
        Hooks(
            ready=partial(_brief, config, blocks, state),
            heartbeat=lambda worker: memory.heartbeat_of(workers.index(worker)),
            stopped=stopped,
            ended=lambda worker: memory.clear(workers.index(worker)),
            restarting=lambda: not state.stopping,
            failed=shutdown.fail,
        ),
    )
    server = FanOutServerService(workers, state, config, pool.kill, shutdown.in_emergency)
    audit, rpcs, connections, limits = Audit(), RpcCounts(), Connections(), CallLimits()
    emergency = Emergency(startup.emergency_file, audit, server.shut_down)
    access = AccessInForce(startup.control_path, startup.tokens)
    control = ControlServer(
        Services(FanOutSessionService(workers, blocks), server, ConfigService(config), HistoryService(history)),
        paths.daemon_socket,
        AccessControl(connections, lambda: access.rules, limits, audit),
        limits,
        [Repeats()],
        outermost=[rpcs],
    )
    return SupervisorParts(
        startup=startup,
        workers=workers,
        state=state,
        config=config,
        pool=pool,
        server=server,
        emergency=emergency,
        access=access,
        limits=limits,
        gate=Gate(paths.daemon_socket, connections, lambda: access.rules, limits),
        rpcs=rpcs,
        control=control,
    )


def _runtime_config(startup: Startup, workers: Sequence[WorkerHandle]) -> RuntimeConfig:
    """Return the settings that can change while the daemon runs."""

    async def apply(before: RuntimeSettings, after: RuntimeSettings) -> list[UnreachableWorker]:
        missing = await config_push.push(workers, before, after)
        setup.set_level(after.log_level)
        return missing

    settings, catalogue = startup.settings, Catalogue(startup.profiles)
    return RuntimeConfig(catalogue, settings.runtime_settings(catalogue), settings.runtime_sources(catalogue), apply)


async def _brief(config: RuntimeConfig, blocks: BlockList, state: DaemonState, worker: WorkerHandle) -> None:
    """Tell a worker that came up what has changed since the launch."""
    await config_push.tell(worker, config.current, timeout=BRIEFING_TIMEOUT_S)
    await brief_blocks(worker, blocks, timeout=BRIEFING_TIMEOUT_S)
    if state.drain is not None:
        await worker.server.DrainServer(state.drain.request(), timeout=BRIEFING_TIMEOUT_S)
    else:
        await resume(worker, server_service_pb2.ResumeServerRequest(), timeout=BRIEFING_TIMEOUT_S)
