"""What each worker process is told when it starts."""

from __future__ import annotations

from householdd.config.worker import WorkerSettings
from householdd.settings.runtime import RuntimeSettings
from householdd.supervisor import startup_checks
from householdd.supervisor.startup import Startup


def worker_settings(startup: Startup, runtime: RuntimeSettings, counts_fd: int, index: int) -> WorkerSettings:
    """Return the settings of the worker ``index``.

    ``runtime`` holds the values at launch, and ``counts_fd`` is the shared memory.
    """
    settings, paths, clients, (cert, key) = startup.settings, startup.paths, startup.clients, startup.tls
    return WorkerSettings(
        name=str(index),
        listen_fd=clients.listen.fileno(),
        legacy_fd=None if clients.legacy is None else clients.legacy.fileno(),
        redirect_fd=None if clients.redirect is None else clients.redirect.fileno(),
        https_port=clients.https_port,
        acme_dir=startup_checks.acme_dir(settings),
        hsts=startup_checks.tells_of_https(settings),
        control_socket=str(paths.worker_socket(index)),
        daemon_socket=str(paths.daemon_socket),
        recorder_socket=str(paths.recorder_socket) if settings.history.enabled else None,
        permalinks=startup.permalinks,
        emergency_file=str(startup.emergency_file.path),
        cert=str(cert) if cert else None,
        key=str(key) if key else None,
        profiles=startup.profiles.by_key,
        allowed_origins=tuple(settings.allowed_origins),
        session_origins=tuple(settings.session_origins),
        require_origin=settings.require_origin,
        trusted_proxies=tuple(map(str, settings.trusted_proxies)),
        proxy_protocol=settings.proxy_protocol,
        tokens=settings.tokens.absolute(),
        ipv6_customer_prefix=settings.ipv6_customer_prefix,
        frame_ancestors=tuple(settings.frame_ancestors),
        brand=startup.brand,
        handshake_timeout=settings.handshake_timeout,
        uplink_mbps=settings.uplink_mbps,
        runtime=runtime,
        counts_fd=counts_fd,
        index=index,
        workers=settings.worker_count,
        overload=settings.overload.tuning,
        log_format=settings.log_format,
    )
