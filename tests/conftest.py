"""Fixtures shared by several folders."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL

from householdd.__main__ import app
from householdd.logs import setup
from householdd.storage.engine import file_url, parse_url
from tests.daemon import Daemon, running
from tests.postgresql import Cluster, cluster

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A background process of a script inherits an ignored SIGINT; tests interrupt their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Property tests measure no time: an example may take long on a busy machine.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

Householdd = Callable[..., tuple[int, str, str]]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with one worker, over TLS."""
    with running(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def daemon_of_two(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with two workers, over TLS."""
    with running(tmp_path, "--workers", "2") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with one worker for a module, whose tests leave it unchanged."""
    with running(tmp_path_factory.mktemp("daemon")) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with two workers, over TLS, for a module, whose tests undo their changes."""
    with running(tmp_path_factory.mktemp("daemon"), "--workers", "2") as daemon:
        yield daemon


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """An empty database."""
    if request.param == "sqlite":
        return file_url(tmp_path / "history.db")
    made: Cluster = request.getfixturevalue("postgresql")
    return parse_url(made.create())


@pytest.fixture
def householdd(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Householdd:
    """Return what runs ``householdd`` with arguments and ``env``: exit status, output and error.

    It must end before it starts anything. In this process, since another one takes a second to import everything.
    """

    def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
        with monkeypatch.context() as patched:
            for name, value in (env or {}).items():
                patched.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                app(list(arguments), prog_name="householdd")
        setup.flush()
        written = capfd.readouterr()
        status = ended.value.code
        assert isinstance(status, int)
        return status, written.out, written.err

    return run
