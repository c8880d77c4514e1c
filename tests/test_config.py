from __future__ import annotations

import re
import tomllib
from dataclasses import asdict
from pathlib import Path

from householdd import config
from householdd.brand import Branding
from householdd.core.settings import Timeouts

EXAMPLE = Path(__file__).parent.parent / "systemd" / "householdd.toml"

PLACEHOLDERS = {"cert", "key", "profiles"}
"""Keys without a default, which the example shows with a plausible path."""


def test_the_example_configuration_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text(EXAMPLE.read_text())
    with_file, without = config.load({"no_tls": True}, path), config.load({"no_tls": True}, None)
    assert with_file.model_dump() == without.model_dump()


def test_the_example_configuration_shows_every_key_with_its_default() -> None:
    # A commented line that is a key, not a sentence.
    uncommented = re.sub(r"^#(?=[a-z_]+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    shown = tomllib.loads(uncommented)
    assert shown.keys() == config.Settings.model_fields.keys()
    assert shown.pop("timeouts") == asdict(Timeouts())
    # Nothing is a default there, so each has a plausible value.
    assert shown.pop("branding").keys() == Branding.model_fields.keys()
    history = shown.pop("history")
    assert history.keys() == config.HistorySettings.model_fields.keys()
    assert config.HistorySettings(**{**history, "url": None}) == config.HistorySettings()
    for key, value in shown.items():
        if key not in PLACEHOLDERS:
            default = config.Settings.model_fields[key].default
            assert value == (str(default) if isinstance(value, str) else default), key
