from __future__ import annotations

import os
import re
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import ErrorTypeInfo
from pydantic_core._pydantic_core import list_all_errors

import householdd
from householdd.config import errors
from householdd.config.access import AccessSettings, Tcp
from householdd.config.branding import Branding
from householdd.config.dashboard import DashboardSettings
from householdd.config.overload import Overload
from householdd.config.profiles import read_profiles
from householdd.config.settings import ConfigError, HistorySettings, Settings, load, load_again
from householdd.config.tokens import RunTokens
from householdd.config.webhook import WebhookSettings
from householdd.settings.definitions import Limits, Timeouts
from householdd.settings.runtime import Catalogue, Source

EXAMPLE = Path(__file__).parents[2] / "systemd" / "householdd.toml"
CONFIGURATION = Path(__file__).parents[2] / "docs" / "configuration.md"

PLACEHOLDERS = {
    "public_url",
    "cert",
    "key",
    "profiles",
    "emergency_file",
    "redirect_listen",
    "acme_dir",
    "legacy_listen",
}
"""Keys without a default, which the example shows with a plausible path."""


def test_the_example_configuration_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text(EXAMPLE.read_text())
    with_file, without = load({"no_tls": True}, path), load({"no_tls": True}, None)
    assert with_file.model_dump() == without.model_dump()


def uncommented() -> dict[str, Any]:
    """The example with every key that it shows."""
    # A commented line that is a key, not a sentence.
    return tomllib.loads(re.sub(r"^#(?=[a-z0-9_]+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE))


def test_the_addresses_of_the_example_do_not_meet() -> None:
    shown = uncommented()
    addresses = [
        shown["listen"],
        shown["redirect_listen"],
        shown["metrics_listen"],
        shown["dashboard"]["listen"],
        shown["access"]["tcp"]["listen"],
    ]
    assert len({address.rpartition(":")[2] for address in addresses}) == len(addresses)


def test_the_example_configuration_shows_every_key_with_its_default() -> None:
    shown = uncommented()
    assert shown.keys() == Settings.model_fields.keys()
    assert shown.pop("timeouts") == asdict(Timeouts())
    # Nothing is a default there, so each has a plausible value.
    assert shown.pop("branding").keys() == Branding.model_fields.keys()
    access = shown.pop("access")
    tcp = access.pop("tcp")
    assert tcp.keys() == Tcp.model_fields.keys()
    assert access.keys() == AccessSettings.model_fields.keys() - {"tcp"}
    assert AccessSettings(**{**access, "socket_group": None}) == AccessSettings()
    history = shown.pop("history")
    assert history.keys() == HistorySettings.model_fields.keys()
    assert history.pop("webhook").keys() == WebhookSettings.model_fields.keys()
    assert HistorySettings(**{**history, "url": None}) == HistorySettings()
    assert shown.pop("limits") == asdict(Limits())
    dashboard = shown.pop("dashboard")
    assert dashboard.keys() == DashboardSettings.model_fields.keys()
    assert DashboardSettings(**{**dashboard, "tokens": None}) == DashboardSettings()
    overload = shown.pop("overload")
    assert overload.keys() == Overload.model_fields.keys()
    assert Overload(**overload) == Overload()
    tokens = shown.pop("tokens")
    assert tokens.keys() == RunTokens.model_fields.keys()
    assert RunTokens(max_lifetime=tokens["max_lifetime"]) == RunTokens()
    for key, value in shown.items():
        if key not in PLACEHOLDERS:
            default = Settings.model_fields[key].default
            assert value == (str(default) if isinstance(value, str) else default), key


def test_the_documentation_lists_every_key_and_section() -> None:
    listed = re.findall(r"^\| (`[^|]*`) \|", CONFIGURATION.read_text(), re.MULTILINE)
    keys = {key.strip("[]") for cell in listed for key in re.findall("`([^`]+)`", cell)}
    assert Settings.model_fields.keys() - keys == set()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://speed.example", "https://speed.example/"),
        ("https://speed.example/", "https://speed.example/"),
        ("https://ISP.example:8443/speed", "https://ISP.example:8443/speed/"),
        ("https://isp.example/a/b%20c/", "https://isp.example/a/b%20c/"),
        ("https://[2001:db8::7]/", "https://[2001:db8::7]/"),
    ],
)
def test_a_public_url_ends_in_a_slash(written: str, read: str) -> None:
    assert load({"no_tls": True, "public_url": written}, None).public_url == read


@pytest.mark.parametrize(
    "written",
    [
        *("", "speed.example", "http://speed.example/", "ftp://speed.example/", "https://", "https:///speed/"),
        *("https://user@speed.example/", "https://speed.example/?a=b", "https://speed.example/#a", "https://a b/"),
        *("https://speed.example:0/", "https://speed.example:65536/", "https://speed.example:port/", "https://x//y"),
        *("https://speed.example/<b>", 'https://"/', "https://speed.example/\n", "https://übung.example/"),
    ],
)
def test_what_is_no_public_url_is_refused(written: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"no_tls": True, "public_url": written}, None)
    assert str(refused.value) == (
        "--public-url: write https://HOST/ or https://HOST:PORT/PATH/, without user, query and fragment"
    )


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
        "timeouts.drain": (60, Source.DEFAULT),
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nmax_sessions = 0\n", "limits.max_sessions: 0 is out of range; allowed is 1 to 100000"),
        ("[limits]\nmax_sessions = 1.5\n", "limits.max_sessions: has to be a whole number, not 1.5"),
        ("[limits]\nmax_session = 5\n", "limits.max_session: no such setting; did you mean max_sessions?"),
    ],
)
def test_a_wrong_limit_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load({"no_tls": True}, path)
    assert str(caught.value) == f"{path}: {words}"


@pytest.mark.parametrize("name", ["cubic\n", "\ncubic", "Cubic", "", "c" * 16, "../cubic"])
def test_a_congestion_control_is_one_short_word(name: str) -> None:
    with pytest.raises(ConfigError, match="--congestion-control: has to match"):
        load({"no_tls": True, "congestion_control": name}, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "[::1]", "localhost"])
def test_metrics_may_be_served_to_this_machine(host: str) -> None:
    settings = load({"no_tls": True, "metrics_listen": f"{host}:8444"}, None)
    assert str(settings.metrics_listen) == f"{host}:8444"


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "10.0.0.1", "metrics.example"])
def test_metrics_are_served_to_others_only_where_that_is_said(host: str) -> None:
    options = {"no_tls": True, "metrics_listen": f"{host}:8444"}
    with pytest.raises(ConfigError, match="can be reached from elsewhere"):
        load(options, None)
    assert load({**options, "metrics_remote": True}, None).metrics_listen is not None


def test_metrics_may_be_served_nowhere() -> None:
    assert load({"no_tls": True, "metrics_listen": ""}, None).metrics_listen is None
    assert load({"dev": True}, None).metrics_listen is None


def test_a_pipe_is_a_configuration_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b'log_level = "error"\n')
    os.close(writing)
    try:
        path = Path(f"/dev/fd/{reading}")
        assert load({"no_tls": True}, path).log_level == "error"
        # Empty now, which must not pass for a file that sets nothing.
        with pytest.raises(ConfigError, match="no regular file"):
            load_again({"no_tls": True}, path)
    finally:
        os.close(reading)


@pytest.mark.parametrize(("prefix", "problem"), [(47, "at least 48"), (65, "at most 64")])
def test_an_ipv6_customer_has_at_most_a_network_and_at_least_a_subnet(prefix: int, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({"no_tls": True, "ipv6_customer_prefix": prefix}, None)
    assert str(caught.value) == f"--ipv6-customer-prefix: has to be {problem}, not {prefix}"


LIBRARYS_WORDS = ("Input", "Value error", "valid", "<class", "pydantic", "parse string")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("log_format = 'yaml'", "log_format: has to be 'auto', 'console' or 'json', not \"yaml\""),
        ("workers = 'x'", 'workers: has to be a whole number, not "x"'),
        ("workers = 1.5", "workers: has to be a whole number, not 1.5"),
        ("workers = -1", "workers: has to be at least 0, not -1"),
        ("no_tls = 'maybe'", 'no_tls: has to be true or false, not "maybe"'),
        ("cert = 5", "cert: has to be a path in quotes, not 5"),
        ("session_origins = 5", 'session_origins: has to be a list, such as ["a", "b"], not 5'),
        ("trusted_proxies = ['x']", "trusted_proxies.0: has to be an address or a network, such as 192.0.2.0/24, not"),
        ("limits = 5", "limits: has to be a table, not 5"),
        ("[limits]\nmax_sessions = 'a'", 'limits.max_sessions: has to be a whole number, not "a"'),
        ("[timeouts]\ninactivity = 'soon'", 'timeouts.inactivity: has to be a number, not "soon"'),
        ("[timeouts]\ninactivity = inf", "timeouts"),
        ("[dashboard]\nnames = [5]", "dashboard.names.0: "),
        ("[history]\nretention_days = -1", "history."),
        (
            "[history]\nmax_bytes = 'ten'",
            'history.max_bytes: has to be a number of bytes, or such as "2GB" or "500MiB", not',
        ),
        ("[history]\nmax_bytes = '2XB'", "history.max_bytes: has to be a number of bytes, or such as"),
        ("[history]\nmax_bytes = -1", "history.max_bytes: has to be a number of bytes, or such as"),
        ("[history]\nmax_bytes = '1MB'", "history.max_bytes: has to be at least 10000000"),
        ("[history]\nmin_session_seconds = 61", "history.min_session_seconds: has to be at most 60, not 61"),
        ("[history]\nruns_per_day = 0", "history.runs_per_day: has to be at least 1, not 0"),
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


@pytest.mark.parametrize("error", list_all_errors(), ids=lambda error: error["type"])
def test_no_error_of_the_library_is_told_in_its_words(error: ErrorTypeInfo) -> None:
    context = error.get("example_context") or {}
    told = errors.describe({"type": error["type"], "msg": error["example_message_python"], "ctx": context})
    assert told
    assert not told.startswith(("Input", "Value error"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dev": True, "redirect_listen": "80"}, "--redirect-listen: "),
        ({"no_tls": True, "redirect_listen": "0.0.0.0:80"}, "redirect_listen sends browsers to HTTPS, and no_tls"),
        (
            {"dev": True, "listen": "[::]:80", "redirect_listen": "[::]:80"},
            "redirect_listen [::]:80 is taken by listen",
        ),
        ({"dev": True, "acme_dir": "/var/lib/acme"}, "acme_dir is served at redirect_listen; set that too"),
    ],
)
def test_a_redirect_that_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        load(options, None)


def test_there_is_no_redirect_unless_it_is_configured() -> None:
    assert load({"dev": True}, None).redirect_listen is None
    assert load({"dev": True, "redirect_listen": ""}, None).redirect_listen is None
    settings = load({"dev": True, "redirect_listen": "[::]:80", "acme_dir": "/var/lib/acme"}, None)
    assert str(settings.redirect_listen) == "[::]:80"
