"""Server to test: by a URL, or by asking a daemon."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import InvalidProxy
from websockets.proxy import get_proxy, parse_proxy
from websockets.uri import parse_uri

from householdctl.data_plane.server_url import DEFAULT_URL, Server, is_loopback, server_at
from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from household.v1.server_service_pb2 import Server as Daemon
    from householdctl.control.client import Client
    from householdctl.control.target import Target

_PROBE_TIMEOUT_S = 1.0


def named_server(url: str, *, insecure: bool, ca_file: Path | None) -> Server:
    """Raise CommandError for an unusable URL."""
    try:
        return server_at(url, insecure=insecure, ca_file=ca_file)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from None
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"--ca {ca_file}: {error.strerror or error}") from None


def ask_daemon(client: Client, *, must_answer: bool) -> tuple[Daemon | None, str]:
    """Return the daemon, or None and the error. Raise CommandError if it ``must_answer``."""
    try:
        return client.get_server(), ""
    except CommandError as error:
        if must_answer:
            raise
        return None, error.message


def default_server(daemon: Daemon | None, target: Target, *, insecure: bool, ca_file: Path | None) -> Server:
    """Return the daemon's server, by default that of ``make run``. Raise CommandError."""
    if daemon is None:
        return named_server(DEFAULT_URL, insecure=insecure, ca_file=ca_file)
    return server_of(daemon, target, insecure=insecure, ca_file=ca_file)


def with_hint(error: CommandError, problem: str) -> CommandError:
    """Add the reason why no daemon told its address."""
    if not problem:
        return error
    hints = (f"cannot ask a daemon for its address: {problem}", "give the URL: https://HOST:PORT/")
    return CommandError(error.code, error.message, *hints)


def server_of(daemon: Daemon, target: Target, *, insecure: bool, ca_file: Path | None) -> Server:
    """Return the server of a daemon. Raise CommandError.

    The certificate of a daemon on this machine is verified with ``ca_file`` only: its own control socket tells the
    address.
    """
    url = daemon_url(daemon, target)
    return named_server(url, insecure=insecure or (target.path is not None and ca_file is None), ca_file=ca_file)


def daemon_url(daemon: Daemon, target: Target) -> str:
    """Raise CommandError if the page cannot be reached from here."""
    if not daemon.listen_urls:
        raise _no_url(f"the daemon at {target.name} does not tell where it listens")
    listening = next((url for url in daemon.listen_urls if url.startswith("https:")), daemon.listen_urls[0])
    parts = urlsplit(listening)
    told, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if target.path is None:
        if is_loopback(told):
            raise _no_url(f"the daemon at {target.name} listens at {listening}, reachable only from its own machine")
        host = target.host
    else:
        host = _own_host(told, port, daemon.hostname)
    return urlunsplit((parts.scheme, f"{f'[{host}]' if ':' in host else host}:{port}", "/", "", ""))


def _no_url(message: str) -> CommandError:
    return CommandError(ExitCode.USAGE, message, "give the URL that customers use: https://HOST:PORT/")


def _own_host(told: str, port: int, hostname: str) -> str:
    """Return the host for this machine; a daemon tells wildcard addresses as the machine's name."""
    if told.casefold() != hostname.casefold() and told not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return told
    for host in ("127.0.0.1", "::1"):
        try:
            with socket.create_connection((host, port), timeout=_PROBE_TIMEOUT_S):
                return host
        except OSError:
            continue
    return told


def through_proxy(server: Server) -> Server:
    """Add the environment's proxy, never for a loopback address. Raise CommandError."""
    proxy = environment_proxy(server)
    if proxy is None:
        return server
    try:
        parsed = parse_proxy(proxy)
    except (InvalidProxy, ValueError):
        raise _proxy_refused(proxy, "is not a URL of a proxy") from None
    if parsed.scheme.startswith("socks"):
        raise _proxy_refused(proxy, "is a SOCKS proxy, which householdctl cannot use")
    return replace(server, proxy=proxy)


def environment_proxy(server: Server) -> str | None:
    """Return the proxy of https_proxy, http_proxy and no_proxy."""
    return None if server.is_local else get_proxy(parse_uri(server.websocket_url))


def proxy_name(proxy: str) -> str:
    """Return the URL without user and password."""
    parts = urlsplit(proxy)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))


def _proxy_refused(proxy: str, why: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE,
        f"{proxy_name(proxy)} in the environment {why}",
        "give an HTTP proxy: https_proxy=http://HOST:PORT",
        "or connect directly: no_proxy=HOST",
    )
