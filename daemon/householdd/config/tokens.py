"""``[tokens]``: the key for tokens of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, model_validator

from householdd.admission.run_tokens import Key
from householdd.config.secret_files import mode_problem, read_secret

MIN_RSA_BITS = 2048
"""Bits (RFC 7518, section 3.3)."""


def secret_key(file: Path) -> Key:
    """Read the secret shared with the issuer. Raise ValueError."""
    secret = read_secret(file)
    if (problem := mode_problem(file.stat().st_mode)) is not None:
        raise ValueError(f"{file}: {problem}")
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(secret)
    except jwt.InvalidKeyError:
        raise ValueError(f"{file}: an asymmetric key, not a secret; set public_key_file to a public key") from None
    return Key("HS256", secret)


def public_key(file: Path) -> Key:
    """Read the issuer's key, which determines the algorithm. Raise ValueError."""
    try:
        key = load_pem_public_key(file.read_bytes())
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{file}: no public key in PEM; `openssl pkey -pubout` writes one") from None
    match key:
        case Ed25519PublicKey():
            return Key("EdDSA", key)
        case RSAPublicKey() if key.key_size >= MIN_RSA_BITS:
            return Key("RS256", key)
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return Key("ES256", key)
        case _:
            raise ValueError(
                f"{file}: allowed are keys of Ed25519, ECDSA with P-256, and RSA with {MIN_RSA_BITS} bits or more"
            )


_FILES = {"secret_file", "public_key_file"}


class TokensSettings(BaseModel):
    """Without a key no token is needed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secret_file: Path | None = None
    public_key_file: Path | None = None
    audience: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    max_lifetime: Annotated[float, Field(ge=10, le=86400)] = 600
    """Seconds."""

    @property
    def needed(self) -> bool:
        return self.secret_file is not None or self.public_key_file is not None

    def key(self) -> Key:
        """``needed`` must be true. Raise ValueError."""
        if self.secret_file is not None:
            return secret_key(self.secret_file)
        if self.public_key_file is not None:
            return public_key(self.public_key_file)
        raise AssertionError("no key is configured")

    def absolute(self) -> dict[str, str | float | None]:
        """Make paths absolute, for another working directory."""
        files = {name: str(file.absolute()) for name in _FILES if (file := getattr(self, name)) is not None}
        return {**self.model_dump(exclude=_FILES), **files}

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.secret_file is not None and self.public_key_file is not None:
            raise ValueError("secret_file and public_key_file exclude each other")
        if self.audience is not None and not self.needed:
            raise ValueError("audience requires secret_file or public_key_file")
        if self.needed:
            self.key()
        return self
