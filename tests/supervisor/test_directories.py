"""Directories that another user could change are refused, by a start and by check-config."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from householdd.config.loading import ConfigError
from householdd.supervisor import check_config, directories
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.runtime_dir import RuntimeDir

NOBODY = 65534
Give = Callable[[Path], None]
"""Makes something another user's."""


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Give:
    if os.geteuid() == 0:
        return lambda path: os.chown(path, NOBODY, -1, follow_symlinks=False)
    # We cannot give it away, so we are somebody else.
    return lambda _: monkeypatch.setattr(os, "geteuid", lambda: NOBODY)


def refusal(path: Path) -> str:
    with pytest.raises(DaemonError) as refused:
        directories.make(path, 0o700, "runtime_dir")
    return str(refused.value)


def test_a_directory_of_another_user_is_refused(tmp_path: Path, give: Give) -> None:
    path = tmp_path / "run"
    path.mkdir()
    give(path)
    assert refusal(path).startswith(f"runtime_dir {path}: belongs to ")


def test_a_link_of_another_user_is_refused(tmp_path: Path, give: Give) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "run"
    path.symlink_to(tmp_path / "real")
    give(path)
    assert refusal(path).startswith(f"runtime_dir {path}: belongs to ")


def test_a_link_of_our_own_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "run"
    path.symlink_to(tmp_path / "real")
    directories.make(path, 0o700, "runtime_dir")
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "run"
    path.mkdir()
    path.chmod(mode)
    problem = f"mode {mode:04o} lets other users replace its files; type: chmod go-w {path}"
    assert refusal(path) == f"runtime_dir {path}: {problem}"
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize("link", [False, True])
def test_what_is_no_directory_is_refused(tmp_path: Path, link: bool) -> None:
    path = tmp_path / "run"
    if link:
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.touch()
    assert refusal(path) == f"runtime_dir {path}: not a directory"


def test_one_that_is_missing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "run"
    directories.make(path, 0o750, "runtime_dir")
    assert path.stat().st_mode & 0o777 == 0o750


def test_the_private_directory_is_looked_at_as_well(tmp_path: Path, give: Give) -> None:
    runtime = tmp_path / "run"
    (runtime / "private").mkdir(parents=True)
    runtime.chmod(0o755)
    give(runtime / "private")
    with pytest.raises(DaemonError, match="belongs to"):
        RuntimeDir(runtime).claim()


def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "private" / "lock"
    lock.mkdir(parents=True)
    with pytest.raises(DaemonError, match=f"^runtime_dir {lock}: Is a directory$"):
        RuntimeDir(tmp_path / "run").claim()


@pytest.mark.parametrize("key", ["runtime_dir", "state_dir"])
def test_check_config_looks_too(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    # Its name is short, because sockets in the runtime directory have short paths.
    directory = tmp_path_factory.mktemp("d")
    (directory / key).mkdir()
    (directory / key).chmod(0o777)
    options = {"dev": True, "runtime_dir": directory / "a", "state_dir": directory / "b", key: directory / key}
    with pytest.raises(ConfigError, match=f"^{key} {directory / key}: mode 0777 lets other users"):
        list(check_config.report(options, None))
