"""Startup checks beyond a valid configuration: usable files and kernel features."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import structlog

from householdd.config import certificates
from householdd.config.access import AccessError
from householdd.config.certificate_faults import CertificateError
from householdd.config.certificates import Certificate, read_authorities, read_certificate
from householdd.config.dashboard_tokens import DashboardTokens, TokensError, read_tokens
from householdd.config.emergency_file import EmergencyFile
from householdd.config.profiles import read_profiles
from householdd.config.secret_files import read_secret
from householdd.config.settings import Settings
from householdd.http.branding import Brand
from householdd.storage.engine import file_url, parse_url
from householdd.storage.retention import Retention
from householdd.storage.store import Store
from householdd.supervisor import activation, directories, emergency, sockets
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.gate import control_socket
from householdd.supervisor.history.history import History
from householdd.supervisor.history.rows import announced_run
from householdd.supervisor.runtime_dir import RuntimeDir
from householdd.supervisor.sockets import ReservedError
from householdd.supervisor.webhook.delivery import Webhook
from householdd.supervisor.webhook.http_post import Poster
from householdd.traffic.profiles import ProfileError, Profiles

log = structlog.get_logger("supervisor")

_DAY_S = 86400

EXPIRY_NOTICE_S = 7 * _DAY_S
"""Seconds before the end of a certificate from which its log line is a warning."""

Pair = tuple[Path | None, Path | None]
"""Certificate and key; None without TLS."""


def certificate(settings: Settings) -> Pair:
    """Return the certificate and key for the workers. Raise DaemonError if they cannot be used.

    With ``dev``, create them if missing.
    """
    if settings.no_tls:
        return None, None
    cert, key = settings.cert, settings.key
    if cert is None or key is None:
        cert, key = _dev_certificate(settings.state_dir)
    try:
        certificates.tls_context(cert, key)
    except CertificateError as error:
        raise DaemonError(f"certificate {error}") from None
    return cert.absolute(), key.absolute()


def _dev_certificate(state_dir: Path) -> tuple[Path, Path]:
    directories.make(state_dir, 0o700, "state_dir")
    try:
        return certificates.dev_certificate(state_dir)
    except OSError as error:
        raise DaemonError(f"state_dir {error.filename or state_dir}: {error.strerror}") from None


def certificates_in_use(settings: Settings, cert: Path | None) -> list[Certificate]:
    """Return all certificates in use; ``cert`` is that of the data plane. Raise DaemonError."""
    tcp, found = settings.access.tcp, []
    try:
        if cert is not None:
            found.append(read_certificate("cert", cert))
    except CertificateError as error:
        raise DaemonError(f"certificate {error}") from None
    try:
        if tcp.listen is not None and tcp.cert is not None and tcp.client_ca is not None:
            found.append(read_certificate("access.tcp.cert", tcp.cert))
            found.append(read_authorities("access.tcp.client_ca", tcp.client_ca))
    except CertificateError as error:
        raise DaemonError(f"access.tcp: {error}") from None
    return found


def acme_dir(settings: Settings) -> str:
    """Return the absolute path of ``acme_dir``; empty if unset. Raise DaemonError if it cannot be read."""
    path = settings.acme_dir
    if path is None:
        return ""
    if not path.is_dir():
        raise DaemonError(f"acme_dir {path}: no such directory; make it before the ACME client uses it")
    if not os.access(path, os.R_OK | os.X_OK):
        raise DaemonError(f"acme_dir {path}: the daemon's user may not read it")
    return str(path.absolute())


def tells_of_https(settings: Settings) -> bool:
    """Return whether to send HSTS: only with a certificate that browsers accept."""
    return settings.cert is not None and not certificates.is_self_signed(settings.cert)


def check_validity(found: Iterable[Certificate]) -> None:
    """Raise DaemonError for a certificate that clients refuse today."""
    for certificate in found:
        if fault := certificate.fault(time.time()):
            raise DaemonError(f"{certificate.setting} {fault}")


def log_validity(certificates: Iterable[Certificate], now: float) -> None:
    """Write a line for each certificate; ``now`` is Unix time."""
    for each in certificates:
        left = each.expires_at - now
        facts = {
            "setting": each.setting,
            "file": str(each.path),
            "until": each.valid_until,
            "days": int(left // _DAY_S),
        }
        if fault := each.fault(now):
            log.error("certificate refused by clients", **facts, problem=fault)
        elif left < EXPIRY_NOTICE_S:
            log.warning("certificate ends soon", **facts)
        else:
            log.info("certificate in use", **facts)


def mutual_tls(settings: Settings) -> ssl.SSLContext:
    """Return the TLS context of the control API over TCP. Raise DaemonError."""
    tcp = settings.access.tcp
    if tcp.cert is None or tcp.key is None or tcp.client_ca is None:
        raise AssertionError("the configuration was refused without them")
    try:
        return certificates.mutual_tls_context(tcp.cert, tcp.key, tcp.client_ca)
    except CertificateError as error:
        raise DaemonError(f"access.tcp: {error}") from None


def directories_of(settings: Settings) -> list[tuple[str, Path]]:
    """Return the directories that no other user may change, each with its configuration key."""
    runtime, state = settings.runtime_dir, settings.state_dir
    return [("runtime_dir", runtime), ("runtime_dir", runtime / "private"), ("state_dir", state)]


def brand(settings: Settings) -> Brand:
    """Read the brand with its logo. Raise DaemonError."""
    try:
        return settings.branding.read()
    except ValueError as error:
        # The file has changed since the configuration was read.
        raise DaemonError(f"branding.logo: {error}") from None


def tokens(settings: Settings, *, any_owner: bool = False) -> DashboardTokens:
    """Read the tokens of the dashboard. Raise DaemonError."""
    try:
        return read_tokens(settings.dashboard.tokens, any_owner=any_owner)
    except TokensError as error:
        raise DaemonError(str(error)) from None


def profiles(settings: Settings) -> Profiles:
    """Read the profiles. Raise DaemonError."""
    try:
        return read_profiles(settings.profiles)
    except ProfileError as error:
        raise DaemonError(f"profiles {error}") from None


def history(settings: Settings, profiles: Profiles) -> History:
    """Assemble the history. Raise DaemonError."""
    activities = {key: profile.activity_type for key, profile in profiles.by_key.items()}
    kept = settings.history
    database = file_url(settings.state_dir / "history.db")
    if kept.url is not None:
        database = parse_url(kept.url.get_secret_value())
    store = Store(database, Retention(kept.retention_days, kept.max_rows, kept.max_bytes, kept.min_session_seconds))
    url, secret_file = kept.webhook.url, kept.webhook.secret_file
    if url is None or secret_file is None:
        return History(kept, store, activities=activities)
    try:
        secret = read_secret(secret_file)
    except ValueError as error:
        # The file has changed since the configuration was read.
        raise DaemonError(f"history.webhook.secret_file: {error}") from None
    body = partial(announced_run, permalinks=kept.permalinks, public_url=settings.public_url)
    webhook = Webhook(store.engine, Poster(url), secret, body)
    return History(kept, store, webhook, activities)


def check(settings: Settings) -> None:
    """Check all that a start needs, without creating anything. Raise DaemonError.

    The address may be in use, by the running daemon. A certificate that clients refuse is an error here, which keeps a
    reload from using it; a start serves with it, and logs the error.
    """
    emergency.refuse(EmergencyFile(settings.emergency_path))
    profiles(settings)
    brand(settings)
    acme_dir(settings)
    if settings.cert is not None:
        certificate(settings)
    if settings.access.tcp.listen is not None:
        mutual_tls(settings)
    check_validity(certificates_in_use(settings, settings.cert))
    # The current user may differ from the user of the daemon.
    tokens(settings, any_owner=True)
    _check_congestion_control(settings)
    try:
        settings.access.rules(own_uid=0, socket_gid=0)
        _check_socket_group(settings)
    except AccessError as error:
        raise DaemonError(str(error)) from None
    RuntimeDir(settings.runtime_dir).check_length()
    # Root checks for the user of the daemon, who owns the directories.
    any_owner = os.geteuid() == 0
    for key, path in directories_of(settings):
        directories.check(path, key, any_owner=any_owner)


def _check_congestion_control(settings: Settings) -> None:
    with socket.socket() as sock:
        try:
            sockets.pin(sock, settings.congestion_control)
        except ReservedError:
            # With socket activation, TCPCongestion= of householdd.socket sets it, as root.
            if not activation.is_expected(os.environ):
                raise


def _check_socket_group(settings: Settings) -> None:
    group = settings.access.socket_group
    if group is not None and activation.makes_control_socket(settings.runtime_dir):
        control_socket.refuse_group(group)
    control_socket.check_group(settings.access.socket_gid())
