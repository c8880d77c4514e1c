"""Valid and invalid certificates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Pair:
    """A self-signed certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def key_pem(self, phrase: bytes | None = None, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
        """Return the key, encrypted if there is a ``phrase``."""
        return self.key.private_bytes(
            Encoding.PEM, form, BestAvailableEncryption(phrase) if phrase is not None else NoEncryption()
        )

    @property
    def key_der(self) -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def write(self, directory: Path) -> None:
        """Write tls.crt and tls.key."""
        (directory / "tls.crt").write_bytes(self.pem)
        (directory / "tls.key").write_bytes(self.key_pem())


def issue(begins_in: float = -1.0, ends_in: float = 365.0, key: Key | None = None) -> Pair:
    """Return a certificate for localhost; its validity is given in days from now."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(begins_in))
        .not_valid_after(now + dt.timedelta(ends_in))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return Pair(builder.sign(key, SHA256()), key)


def weak() -> Pair:
    """Return a certificate whose key OpenSSL refuses."""
    return issue(key=rsa.generate_private_key(65537, 1024))  # noqa: S505 - as is its purpose
