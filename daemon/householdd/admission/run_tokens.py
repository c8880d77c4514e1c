"""Signed, short-lived tokens for runs (JSON Web Tokens, RFC 7519)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from householdd.shared.used_tokens import UsedTokens

MAX_TOKEN_LENGTH = 2048
"""Characters of a token."""

MAX_ID_LENGTH = 128
"""Characters of ``jti``."""

CLOCK_LEEWAY_S = 5.0
"""Tolerated clock difference, in seconds."""

NO_RUN = "A token is for one run: the request must have a test_id."
NEEDED = "A token is needed here: begin the test from your provider's site."
WRONG = "The token is not valid here: begin the test from your provider's site."
EXPIRED = "The token has expired: begin the test from your provider's site once more."
USED = "The token was used for another run: begin the test from your provider's site once more."


@dataclass(frozen=True)
class Key:
    """Key for verifying signatures; ``algorithm`` is the only one accepted."""

    algorithm: str
    secret: bytes | Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


@dataclass(frozen=True)
class Token:
    """Valid token."""

    id: str
    expires: float
    """Unix time."""


class TokenError(ValueError):
    """The message may be shown to the client and quotes nothing of the token."""


class RunTokenVerifier:
    """Verifies tokens and binds each to one run. Only a digest of the id is stored."""

    def __init__(self, key: Key, audience: str | None, max_lifetime: float, used: UsedTokens) -> None:
        """``max_lifetime`` is in seconds."""
        self.key = key
        """Replaced on reload."""
        self._audience = audience
        self._max_lifetime = max_lifetime
        self._used = used

    def check(self, text: str, run: bytes, now: float) -> Token:
        """Verify a token shown by ``run``; ``now`` is Unix time. Raise TokenError.

        A token without a run would allow any number of sessions.
        """
        token = self._read(text, now)
        if not run:
            raise TokenError(NO_RUN)
        if not self._used.is_free(token.id, run, now):
            raise TokenError(USED)
        return token

    def use(self, token: Token, run: bytes, now: float) -> None:
        """Bind a token to a run, which may show it repeatedly. Raise TokenError."""
        if not self._used.claim(token.id, run, token.expires + CLOCK_LEEWAY_S, now):
            raise TokenError(USED)

    def _read(self, text: str, now: float) -> Token:
        if not text:
            raise TokenError(NEEDED)
        if len(text) > MAX_TOKEN_LENGTH:
            raise TokenError(WRONG)
        try:
            claims = jwt.decode(
                text,
                self.key.secret,
                algorithms=[self.key.algorithm],
                audience=self._audience,
                # Times are compared below with the caller's clock.
                options={
                    "require": ["exp", "jti"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": self._audience is not None,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise TokenError(WRONG) from None
        expires, begins, token_id = _time(claims["exp"]), _time(claims.get("nbf", 0)), claims["jti"]
        if not isinstance(token_id, str) or not 1 <= len(token_id) <= MAX_ID_LENGTH:
            raise TokenError(WRONG)
        if expires <= now - CLOCK_LEEWAY_S:
            raise TokenError(EXPIRED)
        if expires > now + self._max_lifetime + CLOCK_LEEWAY_S or begins > now + CLOCK_LEEWAY_S:
            raise TokenError(WRONG)
        return Token(token_id, expires)


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenError(WRONG)
    try:
        seconds = float(value)
    except OverflowError:
        # JSON integers may have any number of digits.
        raise TokenError(WRONG) from None
    if not math.isfinite(seconds):
        raise TokenError(WRONG)
    return seconds
