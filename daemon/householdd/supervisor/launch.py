"""What a start needs beyond a configuration that is right in itself: files that can be used, a kernel that can."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from householdd import certificates, profile_data
from householdd.access_settings import AccessError
from householdd.config import Settings
from householdd.core.profiles import ProfileError, Profiles
from householdd.dashboard_settings import Tokens, TokensError, read_tokens
from householdd.dataplane.branding import Brand
from householdd.secret_files import read_secret
from householdd.storage.engine import file_url, parse_url
from householdd.storage.store import Retention, Store
from householdd.supervisor import listening
from householdd.supervisor.emergency import EmergencyFile
from householdd.supervisor.history import History
from householdd.supervisor.listening import DaemonError
from householdd.supervisor.webhook.delivering import Webhook
from householdd.supervisor.webhook.posting import Poster

Pair = tuple[Path | None, Path | None]
"""Certificate and key; None without TLS."""


def certificate(settings: Settings) -> Pair:
    """The files that the workers are to use. Raises DaemonError.

    Tried here, so that a mistake is told before anything is served. With ``dev`` they are made where they are missing.
    """
    if settings.no_tls:
        return None, None
    cert, key = settings.cert, settings.key
    try:
        if cert is None or key is None:
            listening.make_directory(settings.state_dir, 0o700)
            cert, key = certificates.dev_certificate(settings.state_dir)
        certificates.tls_context(cert, key)
    except certificates.CertificateError as error:
        message = f"certificate {error}"
    except OSError as error:
        message = f"state_dir {error.filename}: {error.strerror}"
    else:
        return cert.absolute(), key.absolute()
    raise DaemonError(message)


def mutual_tls(settings: Settings) -> ssl.SSLContext:
    """For the control API over TCP, which is configured. Raises DaemonError."""
    tcp = settings.access.tcp
    if tcp.cert is None or tcp.key is None or tcp.client_ca is None:
        raise AssertionError("the configuration was refused without them")
    try:
        return certificates.mutual_tls_context(tcp.cert, tcp.key, tcp.client_ca)
    except certificates.CertificateError as error:
        raise DaemonError(f"access.tcp: {error}") from None


def brand(settings: Settings) -> Brand:
    """The brand with its logo. Raises DaemonError."""
    try:
        return settings.branding.read()
    except ValueError as error:
        # It could be used when the configuration was read.
        raise DaemonError(f"branding.logo: {error}") from None


def tokens(settings: Settings, *, any_owner: bool = False) -> Tokens:
    """Who may log in to the dashboard. Raises DaemonError."""
    try:
        return read_tokens(settings.dashboard, any_owner=any_owner)
    except TokensError as error:
        raise DaemonError(str(error)) from None


def profiles(settings: Settings) -> Profiles:
    """Who lives in the house. Raises DaemonError for profiles that cannot be used."""
    try:
        return profile_data.read(settings.profiles)
    except ProfileError as error:
        raise DaemonError(f"profiles {error}") from None


def history(settings: Settings) -> History:
    """What keeps sessions and runs. Raises DaemonError."""
    kept = settings.history
    database = file_url(settings.state_dir / "history.db")
    if kept.url is not None:
        database = parse_url(kept.url.get_secret_value())
    store = Store(database, Retention(kept.retention_days, kept.max_rows))
    url, secret_file = kept.webhook.url, kept.webhook.secret_file
    if url is None or secret_file is None:
        return History(kept, store)
    try:
        secret = read_secret(secret_file)
    except ValueError as error:
        # It could be used when the configuration was read.
        raise DaemonError(f"history.webhook.secret_file: {error}") from None
    return History(kept, store, Webhook(store.engine, Poster(url), secret, permalinks=kept.permalinks))


def check(settings: Settings) -> None:
    """Everything that a start looks at, without claiming or making anything. Raises DaemonError.

    Not whether the address is free: that of a running daemon is not.
    """
    EmergencyFile(settings.emergency_path).refuse()
    profiles(settings)
    brand(settings)
    if settings.cert is not None:
        certificate(settings)
    if settings.access.tcp.listen is not None:
        mutual_tls(settings)
    # Whoever checks need not be the user that the daemon will run as.
    tokens(settings, any_owner=True)
    with socket.socket() as sock:
        listening.pin(sock, settings.congestion_control)
    try:
        settings.access.rules(own_uid=0, socket_gid=0)
        settings.access.socket_gid()
    except AccessError as error:
        raise DaemonError(str(error)) from None
    listening.check_length(settings.runtime_dir)
