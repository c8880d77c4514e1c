from __future__ import annotations

import re
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from householdd.config.access import AccessSettings, TcpSettings
from householdd.config.branding import BrandingSettings
from householdd.config.dashboard import DashboardSettings
from householdd.config.history import HistorySettings
from householdd.config.loading import ConfigError, load
from householdd.config.overload import OverloadSettings
from householdd.config.settings import Settings
from householdd.config.tokens import TokensSettings
from householdd.config.webhook import WebhookSettings
from householdd.settings.definitions import Limits, Timeouts

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
"""Keys without a default, which the example shows with a plausible value."""


def test_the_example_configuration_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text(EXAMPLE.read_text())
    with_file, without = load({"no_tls": True}, path), load({"no_tls": True}, None)
    assert with_file.model_dump() == without.model_dump()


def uncommented() -> dict[str, Any]:
    """Return the example with all keys uncommented."""
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
    assert shown.pop("branding").keys() == BrandingSettings.model_fields.keys()
    access = shown.pop("access")
    tcp = access.pop("tcp")
    assert tcp.keys() == TcpSettings.model_fields.keys()
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
    assert overload.keys() == OverloadSettings.model_fields.keys()
    assert OverloadSettings(**overload) == OverloadSettings()
    tokens = shown.pop("tokens")
    assert tokens.keys() == TokensSettings.model_fields.keys()
    assert TokensSettings(max_lifetime=tokens["max_lifetime"]) == TokensSettings()
    for key, value in shown.items():
        if key not in PLACEHOLDERS:
            default = Settings.model_fields[key].default
            assert value == (str(default) if isinstance(value, str) else default), key


def test_the_documentation_lists_every_key_and_section() -> None:
    listed = re.findall(r"^\| (`[^|]*`) \|", CONFIGURATION.read_text(), re.MULTILINE)
    keys = {key.strip("[]") for cell in listed for key in re.findall("`([^`]+)`", cell)}
    assert Settings.model_fields.keys() - keys == set()


@pytest.mark.parametrize("name", ["cubic\n", "\ncubic", "Cubic", "", "c" * 16, "../cubic"])
def test_a_congestion_control_is_one_short_word(name: str) -> None:
    with pytest.raises(ConfigError, match="--congestion-control: must match"):
        load({"no_tls": True, "congestion_control": name}, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "[::1]", "localhost"])
def test_metrics_may_be_served_to_this_machine(host: str) -> None:
    settings = load({"no_tls": True, "metrics_listen": f"{host}:8444"}, None)
    assert str(settings.metrics_listen) == f"{host}:8444"


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "10.0.0.1", "metrics.example"])
def test_metrics_are_served_to_others_only_where_that_is_said(host: str) -> None:
    options = {"no_tls": True, "metrics_listen": f"{host}:8444"}
    with pytest.raises(ConfigError, match="is open to other machines"):
        load(options, None)
    assert load({**options, "metrics_remote": True}, None).metrics_listen is not None


def test_metrics_may_be_served_nowhere() -> None:
    assert load({"no_tls": True, "metrics_listen": ""}, None).metrics_listen is None
    assert load({"dev": True}, None).metrics_listen is None


@pytest.mark.parametrize(("prefix", "problem"), [(47, "at least 48"), (65, "at most 64")])
def test_an_ipv6_customer_has_at_most_a_network_and_at_least_a_subnet(prefix: int, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({"no_tls": True, "ipv6_customer_prefix": prefix}, None)
    assert str(caught.value) == f"--ipv6-customer-prefix: must be {problem}, not {prefix}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dev": True, "redirect_listen": "80"}, "--redirect-listen: "),
        (
            {"no_tls": True, "redirect_listen": "0.0.0.0:80"},
            "redirect_listen redirects to HTTPS, which no_tls turns off",
        ),
        (
            {"dev": True, "listen": "[::]:80", "redirect_listen": "[::]:80"},
            "redirect_listen [::]:80 is the address of listen",
        ),
        ({"dev": True, "acme_dir": "/var/lib/acme"}, "acme_dir requires redirect_listen"),
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
