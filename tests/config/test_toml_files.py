from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from householdd.config.loading import ConfigError, load
from householdd.config.profiles import BUILT_IN, read_profiles
from householdd.traffic.profiles import ProfileError

TEXT = '# für alle\ndev = true\nlog_level = "debug"\n'
PROFILES = BUILT_IN.read_text(encoding="utf-8")

Encode = Callable[[str], bytes]

ACCEPTED: dict[str, Encode] = {
    "UTF-8": lambda text: text.encode(),
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
}
REFUSED: dict[str, tuple[Encode, str]] = {
    "Latin-1": (lambda text: text.encode("latin-1"), "not UTF-8: byte 0xfc in line 1; save it as UTF-8"),
    "UTF-16": (lambda text: text.encode("utf-16"), "not UTF-8 but UTF-16; save it as UTF-8"),
    "a word as a value": (lambda text: f"{text}no_tls = yes\n".encode(), "not TOML: "),
    "twice": (lambda text: f"{text}dev = true\n".encode(), "not TOML: "),
}


@pytest.mark.parametrize("form", ACCEPTED)
def test_these_are_read(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    file = tmp_path / "householdd.toml"
    file.write_bytes(ACCEPTED[form](TEXT))
    assert load({}, file).log_level == "debug"
    file.write_bytes(ACCEPTED[form](f"# für alle\n{PROFILES}"))
    assert read_profiles(file).by_key == read_profiles(None).by_key


@pytest.mark.parametrize("form", REFUSED)
def test_these_are_named(tmp_path: Path, form: str) -> None:
    encode, problem = REFUSED[form]
    file = tmp_path / "householdd.toml"
    file.write_bytes(encode(TEXT))
    with pytest.raises(ConfigError) as refused:
        load({}, file)
    assert str(refused.value).startswith(f"{file}: {problem}")
    file.write_bytes(encode(f"{TEXT}{PROFILES}"))
    with pytest.raises(ProfileError) as refused_profiles:
        read_profiles(file)
    assert str(refused_profiles.value).startswith(f"{file}: ")
