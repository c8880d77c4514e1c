from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from man.pages import pages


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return pages()


def test_every_command_has_a_page(sources: dict[str, str]) -> None:
    assert {
        "householdctl.1",
        "householdctl-sessions.1",
        "householdctl-sessions-list.1",
        "householdctl-health.1",
        "householdd.8",
        "householdd-check-config.8",
        "householdd.toml.5",
    } <= set(sources)


def test_a_page_tells_options_examples_and_what_is_beside_it(sources: dict[str, str]) -> None:
    text = sources["householdctl-sessions-list.1"].replace("\\-", "-")
    assert "householdctl-sessions-list - list live sessions\n" in text
    assert "\\fB-w, --watch\\fR" in text
    assert "\\fB-h, --help\\fR" in text
    assert "householdctl sessions list --profile jake --watch\n" in text
    assert "\\fBhouseholdctl-sessions\\fR(1)" in text


def test_the_signals_of_the_daemon_name_all_that_a_reload_reads(sources: dict[str, str]) -> None:
    reload = sources["householdd.8"].partition("SIGHUP reloads ")[2].partition(";")[0]
    assert reload == (
        "timeouts, limits, log level, rates of profiles, roles, and the files of certificates, keys and tokens"
    )
    documented = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    assert f"| SIGHUP | reloads {reload};" in documented


def test_every_exit_code_is_on_the_first_page(sources: dict[str, str]) -> None:
    section = sources["householdctl.1"].partition('.SH "EXIT STATUS"')[2]
    assert [line for line in section.splitlines() if re.fullmatch(r"\\fB\d+\\fR", line)][-1] == "\\fB130\\fR"


def test_pages_refer_to_pages_that_exist(sources: dict[str, str]) -> None:
    for name, text in sources.items():
        for title, section in re.findall(r"\\fB([\w.\\-]+)\\fR\((\d)\)", text):
            assert f"{title.replace(chr(92), '')}.{section}" in sources, name


def test_groff_has_nothing_to_complain_of(sources: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-Kutf8", "-Tutf8", *sources], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_pages_of_commands_that_are_gone_are_removed(tmp_path: Path, sources: dict[str, str]) -> None:
    (tmp_path / "householdctl-gone.1").touch()
    subprocess.run([sys.executable, "-m", "man", str(tmp_path)], check=True)
    assert {each.name for each in tmp_path.iterdir()} == set(sources)
