from __future__ import annotations

import os
from pathlib import Path

import pytest

from householdd.config.emergency_file import EmergencyFile, EmergencyOrder
from householdd.supervisor.emergency import InEmergencyError, refuse
from householdd.supervisor.errors import DaemonError

WORDLESS = "the file of the emergency stop is there"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", WORDLESS),
        (b"\n\nbelow", WORDLESS),
        (b"flood", "flood"),
        (b"  flood \r\nmore", "flood"),
        (b"red \x1b[31malert\x00", "red [31malert"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        ("ü".encode() * 1000, "ü" * 200),
    ],
)
def test_the_first_line_is_the_reason_as_far_as_it_can_be_told(tmp_path: Path, content: bytes, reason: str) -> None:
    file = EmergencyFile(tmp_path / "stop")
    assert file.order() is None
    file.path.write_bytes(content)
    assert file.order() == EmergencyOrder(reason, os.getuid())
    with pytest.raises(InEmergencyError, match="to start again, remove"):
        refuse(file)


def test_what_is_there_counts_whatever_it_is_and_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("PRIVATE KEY")
    (tmp_path / "link").symlink_to(secret)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    # Whoever opens a pipe without a writer waits for one.
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "dangling", "folder", "pipe"):
        order = EmergencyFile(tmp_path / name).order()
        assert order is not None
        assert order.reason == WORDLESS


def test_a_place_where_it_cannot_be_seen_is_refused_at_the_start(tmp_path: Path) -> None:
    refuse(EmergencyFile(tmp_path / "none" / "stop"))
    with pytest.raises(DaemonError, match=r"emergency_file .*: File name too long"):
        refuse(EmergencyFile(tmp_path / ("x" * 300)))
