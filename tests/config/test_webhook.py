from __future__ import annotations

from pathlib import Path

import pytest

from householdd.config.loading import ConfigError, load
from householdd.config.secret_files import read_secret
from householdd.config.settings import Settings

URLS = "history.webhook.url: write https://HOST/PATH, or http:// to a loopback address"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(b"0123456789abcdef" * 2)
    return path


def load_toml(tmp_path: Path, text: str) -> Settings:
    toml = tmp_path / "householdd.toml"
    toml.write_text(text)
    return load({"no_tls": True}, toml)


@pytest.mark.parametrize(
    "url",
    [
        "https://isp.example/runs?key=1",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:9000/",
        "http://[::1]/",
        "http://localhost/runs",
    ],
)
def test_a_receiver_is_reached_over_tls_or_on_this_machine(tmp_path: Path, secret: Path, url: str) -> None:
    settings = load_toml(tmp_path, f'[history.webhook]\nurl = "{url}"\nsecret_file = "{secret}"')
    assert settings.history.webhook.url == url


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        *(
            (f'[history.webhook]\nurl = "{url}"\nsecret_file = "SECRET"', URLS)
            for url in (
                "http://isp.example/",
                "http://192.0.2.1/",
                "ftp://isp.example/",
                "https://user:password@isp.example/",
                "https://isp.example/#runs",
                "https://isp.example:99999/",
                "https:///runs",
                "https://isp.example/a b",
                "https://isp.example/\\n",
                "https://[isp.example/",
                "",
            )
        ),
        (
            '[history.webhook]\nurl = "https://isp.example/"',
            "history.webhook: url and secret_file belong together; give both or neither",
        ),
        (
            '[history.webhook]\nsecret_file = "SECRET"',
            "history.webhook: url and secret_file belong together; give both or neither",
        ),
        (
            '[history]\nenabled = false\n[history.webhook]\nurl = "https://isp.example/"\nsecret_file = "SECRET"',
            "history: webhook.url requires enabled = true",
        ),
        (
            '[history.webhook]\nsecret_file = "/nowhere"',
            "history.webhook.secret_file: /nowhere: No such file or directory",
        ),
        ("[history.webhook]\nuri = 1", "history.webhook.uri: no such setting; known are url, secret_file"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, secret: Path, lines: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_toml(tmp_path, lines.replace("SECRET", str(secret)))
    assert str(caught.value).removeprefix(f"{tmp_path}/householdd.toml: ").startswith(problem)


@pytest.mark.parametrize("size", [0, 31, 1025, 5000])
def test_a_secret_of_another_size_is_refused_without_being_shown(secret: Path, size: int) -> None:
    secret.write_bytes(b"x" * size)
    with pytest.raises(ValueError, match="allowed are 32 to 1024") as caught:
        read_secret(secret)
    assert "xx" not in str(caught.value)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_the_newline_of_an_editor_is_no_part_of_the_secret(secret: Path, ending: bytes) -> None:
    secret.write_bytes(b"x" * 1024 + ending)
    assert read_secret(secret) == b"x" * 1024
