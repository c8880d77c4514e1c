"""Problems of certificates and keys, each with its remedy."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

DER_SEQUENCE = b"\x30"
"""Begin of DER."""

_CERTIFICATE_BEGIN = re.compile(rb"-----BEGIN (X509 )?CERTIFICATE-----")
_KEY_BEGIN = re.compile(rb"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----")


class CertificateError(ValueError):
    """The message says which file and why."""


_WEAK = {
    "EE_KEY_TOO_SMALL": "the certificate's key is too weak; use RSA with 2048 bits or more, or ECDSA with P-256",
    "CA_KEY_TOO_SMALL": "an authority's key in the chain is too weak; use one of RSA with 2048 bits or more",
    "EE_MD_TOO_WEAK": "the certificate's signature has a weak hash, such as SHA-1; ask for a certificate with SHA-256",
    "CA_MD_TOO_WEAK": "a signature in the chain has a weak hash, such as SHA-1; ask for a certificate with SHA-256",
}
"""For OpenSSL's reasons."""


def read_file(path: Path) -> bytes:
    """Raise CertificateError, which names the file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path}: {error.strerror}") from None


def check_pem(path: Path, data: bytes, *, wants_key: bool) -> None:
    """Raise CertificateError without a certificate, or a key with ``wants_key``."""
    has_certificate, has_key = _CERTIFICATE_BEGIN.search(data), _KEY_BEGIN.search(data)
    if has_key if wants_key else has_certificate:
        return
    what = "private key" if wants_key else "certificate"
    if not data.strip():
        problem = "is empty"
    elif has_certificate or has_key:
        other = "certificate" if has_certificate else "private key"
        problem = f"holds a {other} and no {what}; are cert and key the wrong way round?"
    elif data.startswith(DER_SEQUENCE):
        command = "openssl pkey" if wants_key else "openssl x509"
        problem = f"not PEM but DER; convert it: {command} -inform der -in {path} -out FILE.pem"
    else:
        problem = f"not PEM: no {what} in it"
    raise CertificateError(f"{path}: {problem}")


def check_not_encrypted(path: Path, data: bytes) -> None:
    """Raise CertificateError for a pass phrase."""
    if b"BEGIN ENCRYPTED PRIVATE KEY" in data or b"Proc-Type: 4,ENCRYPTED" in data:
        raise CertificateError(
            f"{path}: the key is encrypted, and the daemon cannot ask for its pass phrase; decrypt it: "
            f"openssl pkey -in {path} -out FILE.pem"
        )


def describe(error: ssl.SSLError, cert: bytes, key: bytes) -> str:
    """Explain OpenSSL's error."""
    reason = error.reason or str(error)
    if reason in _WEAK:
        return f"{_WEAK[reason]} ({reason})"
    if "MISMATCH" in reason:
        return _mismatch(cert, key)
    return f"not PEM, or damaged ({reason})"


def _mismatch(cert: bytes, key: bytes) -> str:
    try:
        public = _public(load_pem_private_key(key, None))
        chain = x509.load_pem_x509_certificates(cert)
        places = [place for place, each in enumerate(chain, 1) if _encoded(each) == public]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        places = []
    if places:
        return f"the key belongs to certificate {places[0]} of the file; the server's own must come first"
    return "the key does not belong to the certificate (KEY_VALUES_MISMATCH)"


def _public(key: PrivateKeyTypes) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _encoded(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
