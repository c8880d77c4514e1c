from __future__ import annotations

from pathlib import Path

import pytest

from householdd.config.loading import ConfigError, load


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nmax_sessions = 0\n", "limits.max_sessions: 0 is out of range; allowed is 1 to 100000"),
        ("[limits]\nmax_sessions = 1.5\n", "limits.max_sessions: must be a whole number, not 1.5"),
        ("[limits]\nmax_session = 5\n", "limits.max_session: no such setting; did you mean max_sessions?"),
    ],
)
def test_a_wrong_limit_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load({"no_tls": True}, path)
    assert str(caught.value) == f"{path}: {words}"
