from __future__ import annotations

from pathlib import Path

import pytest

from householdd.config.loading import ConfigError, load


def refusal(tmp_path: Path, text: str) -> str:
    file = tmp_path / "householdd.toml"
    file.write_text(f"[history]\n{text}\n")
    with pytest.raises(ConfigError) as refused:
        load({"no_tls": True}, file)
    return str(refused.value).removeprefix(f"{file}: history.")


BYTES = 'must be a number of bytes, or such as "2GB" or "500MiB"'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("retention_days = -1", "retention_days: must be more than 0, not -1"),
        ("max_bytes = 'ten'", f'max_bytes: {BYTES}, not "ten"'),
        ("max_bytes = '2XB'", f'max_bytes: {BYTES}, not "2XB"'),
        ("max_bytes = -1", f"max_bytes: {BYTES}"),
        ("max_bytes = '1MB'", "max_bytes: must be at least 10000000"),
        ("min_session_seconds = 61", "min_session_seconds: must be at most 60, not 61"),
        ("runs_per_day = 0", "runs_per_day: must be at least 1, not 0"),
        ("addresses = 'some'", "addresses: must be 'whole', 'truncated' or 'none', not \"some\""),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(tmp_path, text).startswith(problem)


@pytest.mark.parametrize("url", ["mysql://x/y", "history.db", "postgresql//x"])
def test_a_wrong_url_is_refused_without_being_shown(tmp_path: Path, url: str) -> None:
    message = refusal(tmp_path, f'url = "{url}"')
    assert message == "url: write postgresql://USER:PASSWORD@HOST/NAME or sqlite:////ABSOLUTE/FILE"


def test_a_url_with_a_password_is_not_printed() -> None:
    settings = load({"no_tls": True, "history": {"url": "postgresql://user:password@db.example/household"}}, None)
    assert "password" not in repr(settings)
