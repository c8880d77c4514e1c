from __future__ import annotations

import os
from pathlib import Path

import pytest

from householdd.supervisor.errors import DaemonError
from householdd.supervisor.gate import control_socket


@pytest.mark.parametrize("step", ["bind", "chown"])
def test_each_step_of_the_control_socket_is_told_as_itself(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "control.sock"
    if step == "chown":
        monkeypatch.setattr(os, "chown", fail)
        problem = "access.socket_group: Operation not permitted"
    else:
        path = tmp_path / "missing" / "control.sock"
        problem = f"{path}: No such file or directory"
    with pytest.raises(DaemonError, match=f"^{problem}$"):
        control_socket.listen(path, 0o660, 0)


def test_a_directory_in_the_place_of_the_control_socket_is_named(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.mkdir()
    with pytest.raises(DaemonError, match=f"^{path}: Is a directory$"):
        control_socket.listen(path, 0o660, None)
