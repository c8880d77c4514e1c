"""TLS certificates of the data plane."""

from __future__ import annotations

import os
import ssl
import time
from pathlib import Path

import trustme
from cryptography import x509

DEV_NAMES = ("localhost", "127.0.0.1", "::1")
"""Whom the self-signed certificate of --dev is for."""


class CertificateError(ValueError):
    """A certificate that cannot be used; the message says which file and why."""


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """A server context for TLS 1.2 and later. Raises CertificateError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _load(context, cert, key)
    return context


def mutual_tls_context(cert: Path, key: Path, client_ca: Path) -> ssl.SSLContext:
    """A server context for HTTP/2 with clients that have a certificate of ``client_ca``. Raises CertificateError."""
    context = tls_context(cert, key)
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(client_ca)
    except ssl.SSLError as error:
        raise CertificateError(f"{client_ca}: no certificates in PEM ({error.reason or error})") from None
    except OSError as error:
        raise CertificateError(f"{client_ca}: {error.strerror}") from None
    return context


def renew(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    """Reads certificate and key into a context that is in use; handshakes after this use them.

    Raises CertificateError; then nothing is changed. Tried elsewhere first, since a refused pair leaves a context with
    neither the old nor the new one.
    """
    tls_context(cert, key)
    _load(context, cert, key)


def expires_at(cert: Path) -> float:
    """Unix time at which the first certificate of a file that can be used ends."""
    return x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc.timestamp()


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    for path in (cert, key):
        try:
            path.read_bytes()
        except OSError as error:
            raise CertificateError(f"{path}: {error.strerror}") from None
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        reason = "the key does not belong to the certificate" if "MISMATCH" in str(error) else "not PEM, or damaged"
        raise CertificateError(f"{cert} with {key}: {reason} ({error.reason or error})") from None


def dev_certificate(state_dir: Path) -> tuple[Path, Path]:
    """Certificate and key of --dev, made on first use and kept in ``state_dir``; ``dev-ca.pem`` there verifies them."""
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
        return expires_at(cert) > time.time() + 86400
    except ValueError:
        return False
