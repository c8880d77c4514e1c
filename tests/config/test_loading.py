from __future__ import annotations

import os
from pathlib import Path

import pytest

import householdd
from householdd.config.loading import ConfigError, load, load_again
from householdd.config.profiles import read_profiles
from householdd.settings.runtime import Catalogue, Source


def test_every_value_knows_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text('log_level = "debug"\n[timeouts]\ninactivity = 20\nclose = 3\n[limits]\nmax_sessions = 50\n')
    monkeypatch.setenv("HOUSEHOLDD_TIMEOUTS__CLOSE", "4")
    monkeypatch.setenv("HOUSEHOLDD_LOG_LEVEL", "error")
    settings = load({"no_tls": True, "log_level": "warning"}, path)
    catalogue = Catalogue(read_profiles(None))
    values, sources = settings.runtime_settings(catalogue).by_path(), settings.runtime_sources(catalogue)
    expected = {
        "timeouts.inactivity": (20, Source.FILE),
        "timeouts.close": (4, Source.ENVIRONMENT),
        "timeouts.drain": (90, Source.DEFAULT),
        "limits.max_sessions": (50, Source.FILE),
        "log_level": ("warning", Source.OPTION),
        "profiles.jake.download_mbps": (25, Source.DEFAULT),
    }
    assert {path: (values[path], sources.get(path, Source.DEFAULT)) for path in expected} == expected


def test_rates_of_a_file_of_profiles_come_from_a_file(tmp_path: Path) -> None:
    own = tmp_path / "profiles.toml"
    own.write_text((Path(householdd.__file__).parent / "data" / "profiles.toml").read_text())
    settings = load({"no_tls": True, "profiles": own}, None)
    catalogue = Catalogue(read_profiles(own))
    assert settings.runtime_sources(catalogue)["profiles.alex.upload_mbps"] is Source.FILE


def test_a_pipe_is_a_configuration_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b'log_level = "error"\n')
    os.close(writing)
    try:
        path = Path(f"/dev/fd/{reading}")
        assert load({"no_tls": True}, path).log_level == "error"
        # Empty now, which must not pass for a file that sets nothing.
        with pytest.raises(ConfigError, match="not a regular file"):
            load_again({"no_tls": True}, path)
    finally:
        os.close(reading)


LIBRARYS_WORDS = ("Input", "Value error", "valid", "<class", "pydantic", "parse string")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("log_format = 'yaml'", "log_format: must be 'auto', 'console' or 'json', not \"yaml\""),
        ("workers = 'x'", 'workers: must be a whole number, not "x"'),
        ("workers = 1.5", "workers: must be a whole number, not 1.5"),
        ("workers = -1", "workers: must be at least 0, not -1"),
        ("no_tls = 'maybe'", 'no_tls: must be true or false, not "maybe"'),
        ("cert = 5", "cert: must be a path in quotes, not 5"),
        ("session_origins = 5", 'session_origins: must be a list, such as ["a", "b"], not 5'),
        ("trusted_proxies = ['x']", "trusted_proxies.0: must be an address or a network, such as 192.0.2.0/24, not"),
        ("limits = 5", "limits: must be a table, not 5"),
        ("[limits]\nmax_sessions = 'a'", 'limits.max_sessions: must be a whole number, not "a"'),
        ("[timeouts]\ninactivity = 'soon'", 'timeouts.inactivity: must be a number, not "soon"'),
        ("[timeouts]\ninactivity = inf", "timeouts"),
        ("[dashboard]\nnames = [5]", "dashboard.names.0: "),
    ],
)
def test_a_wrong_value_is_told_in_words_of_the_file(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load({}, path)
    message = str(caught.value)
    assert problem in message
    assert not [words for words in LIBRARYS_WORDS if words in message]
