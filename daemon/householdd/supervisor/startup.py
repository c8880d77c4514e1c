"""What a start reads, checks and opens before the first service runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from householdd.clients import addresses
from householdd.config.certificates import Certificate
from householdd.config.dashboard_tokens import DashboardTokens
from householdd.config.emergency_file import EmergencyFile
from householdd.config.settings import Settings
from householdd.http.branding import Brand
from householdd.supervisor import activation, directories, emergency, sockets, startup_checks
from householdd.supervisor.activation import ActivationError, Adopted
from householdd.supervisor.emergency import InEmergencyError
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.gate.control_socket import refuse_group
from householdd.supervisor.history.history import History
from householdd.supervisor.runtime_dir import RuntimeDir
from householdd.supervisor.shutdown import Shutdown
from householdd.supervisor.sockets import ClientSockets
from householdd.traffic.profiles import Profiles


@dataclass(frozen=True)
class Startup:
    """The ground that the services stand on."""

    settings: Settings
    paths: RuntimeDir
    profiles: Profiles
    history: History | None
    """None where nothing is kept."""
    emergency_file: EmergencyFile
    tls: startup_checks.Pair
    certificates: list[Certificate]
    brand: Brand
    tokens: DashboardTokens
    adopted: Adopted
    clients: ClientSockets

    @property
    def page_url(self) -> str:
        """URL at which customers find the page."""
        return self.settings.public_url or self.clients.url

    @property
    def permalinks(self) -> bool:
        """Whether stored runs have an address that anyone may open."""
        return self.settings.history.enabled and self.settings.history.permalinks

    @property
    def control_path(self) -> Path:
        """Path of the public control socket."""
        adopted = self.adopted.control
        return self.paths.control_socket if adopted is None else Path(adopted.getsockname())


@contextlib.contextmanager
def started(settings: Settings, paths: RuntimeDir, shutdown: Shutdown) -> Iterator[Startup]:
    """Check everything, claim the runtime directory and open the sockets for clients. Raise DaemonError."""
    addresses.customer_size.ipv6_prefix = settings.ipv6_customer_prefix
    profiles = startup_checks.profiles(settings)
    history = startup_checks.history(settings, profiles) if settings.history.enabled else None
    with contextlib.ExitStack() as stack:
        adopted = stack.enter_context(contextlib.closing(_adopted()))
        if adopted.control is not None and (group := settings.access.socket_group) is not None:
            refuse_group(group)
        directories.check(settings.state_dir, "state_dir")
        stack.enter_context(paths.claim())
        shutdown.begin()
        emergency_file = _no_emergency(settings, shutdown)
        sockets.allow_many_connections()
        cert, key = startup_checks.certificate(settings)
        yield Startup(
            settings=settings,
            paths=paths,
            profiles=profiles,
            history=history,
            emergency_file=emergency_file,
            tls=(cert, key),
            certificates=startup_checks.certificates_in_use(settings, cert),
            brand=startup_checks.brand(settings),
            tokens=startup_checks.tokens(settings),
            adopted=adopted,
            clients=stack.enter_context(sockets.client_sockets(settings, adopted)),
        )


def _adopted() -> Adopted:
    try:
        return activation.adopt(os.environ)
    except ActivationError as error:
        raise DaemonError(f"socket unit: {error}") from None


def _no_emergency(settings: Settings, shutdown: Shutdown) -> EmergencyFile:
    """Return the file of the emergency stop, which does not exist now. Raise DaemonError."""
    file = EmergencyFile(settings.emergency_path)
    try:
        emergency.refuse(file)
    except InEmergencyError:
        # systemd may have started the daemon for a client of its sockets.
        shutdown.mark()
        raise
    return file
