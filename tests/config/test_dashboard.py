from __future__ import annotations

import re
from pathlib import Path

import pytest

from householdd.config.loading import ConfigError, load
from householdd.config.settings import Settings


def loaded(tmp_path: Path, text: str, **options: object) -> Settings:
    file = tmp_path / "householdd.toml"
    file.write_text(text)
    return load({"no_tls": True, **options}, file)


def test_it_is_on_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    assert str(loaded(tmp_path, "").dashboard.listen) == "127.0.0.1:8445"
    assert loaded(tmp_path, '[dashboard]\nlisten = ""').dashboard.listen is None
    assert loaded(tmp_path, "", dev=True, no_tls=False).dashboard.listen is None
    assert loaded(tmp_path, '[dashboard]\nnames = ["x"]', dev=True, no_tls=False).dashboard.listen is None
    given = loaded(tmp_path, '[dashboard]\nnames = ["NOC.example"]', dashboard={"listen": "[::1]:9"}).dashboard
    assert (str(given.listen), given.names) == ("[::1]:9", ["noc.example"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('listen = "0.0.0.0:8445"', "which requires logins in dashboard.tokens; or use a loopback"),
        ('listen = "0.0.0.0:8445"\ntokens = "/x"', "no_tls sends tokens unencrypted; give cert and key"),
        ('names = ["https://noc.example"]', "write a host name without a port, such as noc.isp.example"),
        ("port = 1", "dashboard.port: no such setting; known are listen, tokens, names"),
    ],
)
def test_what_would_be_open_to_others_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        loaded(tmp_path, f"[dashboard]\n{text}\n")


def test_a_wrong_option_is_named_as_it_is_typed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--dashboard-listen: write HOST:PORT"):
        loaded(tmp_path, "", dashboard={"listen": "here"})
    with pytest.raises(ConfigError, match=r"householdd\.toml: dashboard\.tokens: "):
        loaded(tmp_path, "[dashboard]\ntokens = 5\n", dashboard={"listen": ""})
