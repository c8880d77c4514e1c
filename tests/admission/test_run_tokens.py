from __future__ import annotations

import base64
import hmac

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from householdd.admission.run_tokens import EXPIRED, NEEDED, NO_RUN, USED, WRONG, Key, RunTokenVerifier, TokenError
from householdd.shared.used_tokens import UsedTokens, size

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = 1_800_000_000.0
RUN, OTHER = b"a run", b"another"


def tokens(key: Key | None = None, audience: str | None = None) -> RunTokenVerifier:
    used = UsedTokens(memoryview(bytearray(size(1))), 0, b"secret")
    return RunTokenVerifier(key or Key("HS256", SECRET), audience, 600, used)


Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def signed(key: Private | bytes | None = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    given = {"exp": NOW + 300, "jti": "1", **claims}
    claimed = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(claimed, key, algorithm)  # type: ignore[arg-type]  # no key is what "none" takes


def words(checked: RunTokenVerifier, text: str, run: bytes = RUN) -> str | None:
    try:
        checked.use(checked.check(text, run, NOW), run, NOW)
    except TokenError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (signed(), None),
        (signed(sub="customer 4711", aud="somebody"), None),
        (signed(exp=NOW - 4), None),
        ("", NEEDED),
        (signed(exp=NOW - 6), EXPIRED),
        (signed(exp=NOW + 606), WRONG),
        (signed(exp=None), WRONG),
        (signed(exp=float("inf")), WRONG),
        (signed(exp=10**400), WRONG),
        (signed(exp=-(10**400)), WRONG),
        (signed(nbf=10**400), WRONG),
        (signed(exp=float("nan")), WRONG),
        (signed(exp="1"), WRONG),
        (signed(exp=True), WRONG),
        (signed(nbf=NOW + 6), WRONG),
        (signed(jti=None), WRONG),
        (signed(jti=""), WRONG),
        (signed(jti="x" * 129), WRONG),
        (signed(b"another secret of as many bytes!"), WRONG),
        (signed(None, "none"), WRONG),
        (signed(algorithm="HS512", key=SECRET * 2), WRONG),
        (signed()[:-1], WRONG),
        (signed(sub="x" * 2000), WRONG),
        ("a.b.c", WRONG),
        ("\udcff", WRONG),
    ],
)
def test_a_token_lets_in_or_says_why_not(text: str, said: str | None) -> None:
    assert words(tokens(), text) == said


def test_an_audience_has_to_be_the_configured_one() -> None:
    checked = tokens(audience="speed.example")
    assert words(checked, signed(aud="speed.example")) is None
    assert words(checked, signed(aud="other.example")) == words(checked, signed()) == WRONG


@pytest.mark.parametrize(
    ("algorithm", "private"),
    [
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("RS256", rsa.generate_private_key(65537, 2048)),
    ],
)
def test_a_public_key_is_no_secret_to_sign_with(algorithm: str, private: Private) -> None:
    public = private.public_key()
    checked = tokens(Key(algorithm, public))
    assert words(checked, signed(private, algorithm)) is None
    # The oldest trick: the public key, which everybody may know, as a secret.
    raw = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _, claims, _ = signed().split(".")
    head = _base64(b'{"alg":"HS256","typ":"JWT"}') + f".{claims}"
    forged = f"{head}.{_base64(hmac.digest(raw, head.encode(), 'sha256'))}"
    assert words(checked, forged) == WRONG


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_token_is_for_one_run() -> None:
    checked = tokens()
    assert [words(checked, signed(), run) for run in (RUN, RUN, OTHER, RUN)] == [None, None, USED, None]
    assert words(checked, signed(jti="2"), OTHER) is None


def test_a_token_without_a_run_lets_nobody_in_and_stays_unused() -> None:
    checked = tokens()
    assert [words(checked, signed(), run) for run in (b"", b"", RUN)] == [NO_RUN, NO_RUN, None]
    assert words(checked, "", b"") == NEEDED


def test_no_error_has_anything_of_the_token() -> None:
    text = signed(exp=NOW - 100)
    with pytest.raises(TokenError) as caught:
        tokens().check(text, RUN, NOW)
    assert not any(part in repr(caught.value) for part in text.split("."))
