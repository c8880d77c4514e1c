"""TLS certificates and contexts."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import trustme
from cryptography import x509

from householdd.config.certificate_faults import CertificateError, check_not_encrypted, check_pem, describe, read_file

DEV_NAMES = ("localhost", "127.0.0.1", "::1")
"""For --dev."""


@dataclass(frozen=True)
class Certificate:
    """Certificate in use."""

    setting: str
    """Key of the setting."""
    path: Path
    valid_from: float
    """Unix time."""
    expires_at: float
    """Unix time."""

    def fault(self, now: float) -> str | None:
        """Return why clients refuse the certificate at Unix time ``now``."""
        if now >= self.expires_at:
            return f"{self.path}: the certificate expired on {_date(self.expires_at)}"
        if now < self.valid_from:
            return f"{self.path}: the certificate is not valid before {_date(self.valid_from)}"
        return None

    @property
    def valid_until(self) -> str:
        """End of validity, for people."""
        return _date(self.expires_at)


def _date(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M} UTC"


def read_certificate(setting: str, path: Path) -> Certificate:
    """Return a file's first certificate. Raise CertificateError."""
    first = _certificates(path)[0]
    return Certificate(setting, path, first.not_valid_before_utc.timestamp(), first.not_valid_after_utc.timestamp())


def is_self_signed(path: Path) -> bool:
    """Return whether a file's first certificate is self-signed. Raise CertificateError."""
    first = _certificates(path)[0]
    return first.issuer == first.subject


def read_authorities(setting: str, path: Path) -> Certificate:
    """Return the bundle's last certificate to expire. Raise CertificateError."""
    last = max(_certificates(path), key=lambda each: each.not_valid_after_utc)
    return Certificate(setting, path, last.not_valid_before_utc.timestamp(), last.not_valid_after_utc.timestamp())


def _certificates(path: Path) -> list[x509.Certificate]:
    data = read_file(path)
    check_pem(path, data, wants_key=False)
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise CertificateError(f"{path}: not PEM, or damaged ({error})") from None


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """Return a context for TLS 1.2 and later. Raise CertificateError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    # CBC in TLS 1.2 has a long record of attacks.
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_alpn_protocols(["http/1.1"])
    _load(context, cert, key)
    return context


def mutual_tls_context(cert: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    """Require certificates of ``client_ca``, for HTTP/2. Raise CertificateError."""
    context = tls_context(cert, key)
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED
    _certificates(client_ca)
    try:
        context.load_verify_locations(client_ca)
    except ssl.SSLError as error:
        raise CertificateError(f"{client_ca}: no certificates in PEM ({error.reason or error})") from None
    except OSError as error:
        raise CertificateError(f"{client_ca}: {error.strerror}") from None
    return context


def renew(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    """Reload a context for later handshakes. Raise CertificateError, and change nothing."""
    # A refused pair would leave the context without a certificate.
    tls_context(cert, key)
    _load(context, cert, key)


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    chain, private = read_file(cert), read_file(key)
    check_pem(cert, chain, wants_key=False)
    check_pem(key, private, wants_key=True)
    check_not_encrypted(key, private)
    try:
        context.load_cert_chain(cert, key, _no_pass_phrase)
    except ssl.SSLError as error:
        raise CertificateError(f"{cert} with {key}: {describe(error, chain, private)}") from None
    except OSError as error:
        raise CertificateError(f"{cert} with {key}: {error.strerror}") from None


def _no_pass_phrase() -> NoReturn:
    """Replace OpenSSL's prompt."""
    raise CertificateError("the key is encrypted, and the daemon cannot ask for its pass phrase")


def dev_certificate(state_dir: Path) -> tuple[Path, Path]:
    """Return certificate and key, which ``dev-ca.pem`` verifies; make them if needed."""
    cert, key = state_dir / "dev-cert.pem", state_dir / "dev-key.pem"
    if not (cert.exists() and key.exists() and _current(cert)):
        authority = trustme.CA(organization_name="householdd --dev")
        issued = authority.issue_cert(*DEV_NAMES)
        authority.cert_pem.write_to_path(state_dir / "dev-ca.pem")
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(issued.private_key_pem.bytes())
        cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return cert, key


def _current(cert: Path) -> bool:
    try:
        return read_certificate("cert", cert).expires_at > time.time() + 86400
    except CertificateError:
        return False
