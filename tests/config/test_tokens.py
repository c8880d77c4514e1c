from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from householdd.config.loading import ConfigError, load

PRIVATE = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"x" * 32 + b"\n")
    (tmp_path / "open").write_bytes(b"x" * 32)
    (tmp_path / "short").write_bytes(b"x" * 31)
    (tmp_path / "pub").write_bytes(PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "private").write_bytes(PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    (tmp_path / "p384").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for file in tmp_path.iterdir():
        file.chmod(0o644 if file.name == "open" else 0o640)
    return tmp_path


def loaded(files: Path, text: str) -> str:
    config = files / "householdd.toml"
    config.write_text("no_tls = true\n[tokens]\n" + text.replace("DIR", str(files)))
    return load({}, config).tokens.key().algorithm


@pytest.mark.parametrize(
    ("text", "algorithm"), [('secret_file = "DIR/secret"', "HS256"), ('public_key_file = "DIR/pub"', "EdDSA")]
)
def test_the_key_decides_the_algorithm(files: Path, text: str, algorithm: str) -> None:
    assert loaded(files, text) == algorithm


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('secret_file = "DIR/none"', "DIR/none: No such file or directory"),
        ('secret_file = "DIR/open"', "DIR/open: mode 0644 gives access to others; allowed is 0640 or stricter"),
        ('secret_file = "DIR/short"', "DIR/short: 31 bytes; allowed are 32 to 1024"),
        ('secret_file = "DIR/pub"', "DIR/pub: an asymmetric key, not a secret; set public_key_file to a public key"),
        ('public_key_file = "DIR/secret"', "DIR/secret: no public key in PEM; `openssl pkey -pubout` writes one"),
        ('public_key_file = "DIR/private"', "DIR/private: no public key in PEM; `openssl pkey -pubout` writes one"),
        ('public_key_file = "DIR/p384"', "DIR/p384: allowed are keys of Ed25519, ECDSA with P-256, and RSA with 2048"),
        (
            'secret_file = "DIR/secret"\npublic_key_file = "DIR/pub"',
            "secret_file and public_key_file exclude each other",
        ),
        ('audience = "speed.example"', "audience requires secret_file or public_key_file"),
        ("max_lifetime = 5", "max_lifetime: must be at least 10, not 5"),
    ],
)
def test_what_cannot_be_used_is_named(files: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(files, text)
    assert words.replace("DIR", str(files)) in str(caught.value)
    assert "tokens" in str(caught.value)
