"""Address of a daemon."""

from __future__ import annotations

import errno
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

SYSTEM_SOCKET = Path("/run/householdd/control.sock")
# `make run` keeps run-time files here.
CHECKOUT_SOCKET = Path(".run/control.sock")

_NETWORK = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:\[\]]+):(?P<port>\d{1,5})")
_PROBE_S = 1.0
MAX_SOCKET_PATH_BYTES = 107
"""The kernel's limit."""


@dataclass(frozen=True)
class TlsFiles:
    """PEM files for mutual TLS."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def client_context(self) -> ssl.SSLContext:
        """Raise OSError with the name of an unusable file."""
        # Slow to import; few commands use the network.
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca)
        except ssl.SSLError:
            raise OSError(errno.EINVAL, "not a CA certificate in PEM format", str(self.ca)) from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.ca)) from None
        if self.cert is not None:
            try:
                context.load_cert_chain(self.cert, self.key)
            except ssl.SSLError:
                both = f"{self.cert}, {self.key}"
                raise OSError(errno.EINVAL, "not a certificate and its private key in PEM format", both) from None
            except OSError as error:
                lost = self.key if self.cert.exists() else self.cert
                raise OSError(error.errno, error.strerror, str(lost)) from None
        context.set_alpn_protocols(["h2"])
        return context

    def missing(self) -> list[str]:
        """Return the missing options."""
        return [f"--{name}" for name in ("ca", "cert", "key") if getattr(self, name) is None]


@dataclass(frozen=True)
class Target:
    """A control socket, or a host and port with mutual TLS."""

    name: str
    """Path, HOST:PORT, or name of a context."""
    path: Path | None = None
    host: str = ""
    port: int = 0
    tls: TlsFiles | None = None
    searched: tuple[Path, ...] = ()
    """Sockets searched in vain."""

    @property
    def address(self) -> str:
        """Address in gRPC's notation."""
        if self.path is not None:
            return f"unix:{self.path.absolute()}"
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def failure(self) -> OSError | None:
        """Try to connect; return the error, or None."""
        try:
            if self.path is not None:
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                    probe.settimeout(_PROBE_S)
                    probe.connect(str(self.path))
            else:
                self._shake_hands()
        except OSError as error:
            return error
        return None

    def _shake_hands(self) -> None:
        context = (self.tls or TlsFiles()).client_context()
        with (
            socket.create_connection((self.host, self.port), timeout=_PROBE_S) as connection,
            context.wrap_socket(connection, server_hostname=self.host) as secured,
        ):
            # TLS 1.3 reports a refused client certificate on the first read; an HTTP/2 server speaks first.
            if not secured.recv(1):
                raise ConnectionAbortedError(
                    errno.ECONNABORTED, "the connection was closed; the daemon may not trust the client certificate"
                )


def named_target(text: str, tls: TlsFiles | None = None, name: str = "") -> Target:
    """Parse a path, ``unix:`` and a path, or HOST:PORT, which needs ``tls``. Raise ValueError."""
    if network := _NETWORK.fullmatch(text):
        missing = (tls or TlsFiles()).missing()
        if missing:
            raise ValueError(f"{text} needs mutual TLS: add {', '.join(missing)}")
        port, host = int(network["port"]), network["host"].strip("[]")
        try:
            # The resolver would fail with a poor error.
            host.encode("idna")
        except UnicodeError:
            raise ValueError(f"{text!r}: {host!r} is not a host name") from None
        if not 1 <= port < 1 << 16:
            raise ValueError(f"{text!r}: the port must be 1 to 65535")
        return Target(name or text, host=host, port=port, tls=tls)
    path = text.removeprefix("unix:")
    if path.startswith("//"):
        path = path.removeprefix("//")
    if not path:
        raise ValueError("the target is empty; give the path of a control socket, or HOST:PORT")
    if path == text and re.match(r"[a-z]+:/", text):
        raise ValueError(f"{text!r} is not a control socket; give a path, unix:/path or HOST:PORT")
    if _is_too_long(Path(path)):
        raise ValueError(f"{path}: too long for a socket (at most {MAX_SOCKET_PATH_BYTES} bytes)")
    if "\0" in path:
        raise ValueError(f"{path!r} contains a zero byte, which paths cannot")
    return Target(name or path, Path(path))


def _is_too_long(path: Path) -> bool:
    return len(os.fsencode(path.absolute())) > MAX_SOCKET_PATH_BYTES


def default_target(environ: Mapping[str, str]) -> Target:
    """Return the first socket that exists: the system's, the user's, or that of ``make run``."""
    candidates = [SYSTEM_SOCKET]
    if runtime_dir := environ.get("XDG_RUNTIME_DIR"):
        candidates.append(Path(runtime_dir) / "householdd" / "control.sock")
    candidates.append(CHECKOUT_SOCKET)
    for candidate in candidates:
        if _may_exist(candidate):
            return Target(str(candidate), candidate)
    return Target(str(SYSTEM_SOCKET), SYSTEM_SOCKET, searched=tuple(candidates))


def _may_exist(path: Path) -> bool:
    if _is_too_long(path):
        # No daemon could serve there.
        return False
    try:
        os.stat(path)  # noqa: PTH116 - Path.exists hides or raises, by the version of Python
    except PermissionError:
        # Connecting gives the precise error.
        return True
    except OSError:
        return False
    return True
