"""Fixtures of the lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.daemon import CROWD, running, wait_until
from tests.lab.lab import Lab
from tests.lab.netns import LabUnavailableError
from tests.lab.network import SERVER, Line, network

OpenLab = Callable[..., AbstractContextManager[Lab]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> OpenLab:
    """Opens labs with a daemon each: ``open_lab(line, *options, env=...)``; skips where there can be none."""

    @contextmanager
    def opened(line: Line, *options: str, env: dict[str, str] | None = None) -> Iterator[Lab]:
        directory = tmp_path_factory.mktemp("lab")
        with ExitStack() as stack:
            try:
                net = stack.enter_context(network(line))
            except LabUnavailableError as error:
                pytest.skip(f"no network lab here: {error}")
            listen = ("--listen", f"{SERVER}:8443")
            env = {**CROWD, **(env or {})}
            daemon = stack.enter_context(running(directory, *listen, *options, env=env, prefix=net.server.prefix))
            lab = Lab(net, daemon)
            idle = lab.census()
            yield lab
            # Whatever the clients did: all that they cost is given back.
            wait_until(lambda: lab.holds_no_more_than(idle), f"what is held at rest again: {idle}, not {lab.census()}")

    return opened
