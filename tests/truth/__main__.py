"""A line of the truth lab for use by hand: ``python -m tests.truth LINE``, as root, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import suppress

import msgspec

from tests.lab.netns import LabUnavailableError
from tests.lab.network import SERVER
from tests.truth.bottleneck import bottleneck
from tests.truth.emulated_line import EmulatedNetwork
from tests.truth.lines import LINES, Line


def main() -> None:
    lines = {line.name: line for line in LINES}
    parser = argparse.ArgumentParser(
        prog="python -m tests.truth",
        description="Make a line of the truth lab between two network namespaces, and keep it until Ctrl-C.",
    )
    parser.add_argument("line", choices=lines, metavar="LINE", help=f"one of {', '.join(lines)}")
    line = lines[parser.parse_args().line]
    try:
        _keep(line)
    except LabUnavailableError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


def _keep(line: Line) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with bottleneck(line) as network:
        _say(f"The server, {SERVER}:   ip netns exec {network.server.name} COMMAND")
        _say(f"The client:               ip netns exec {network.client.name} COMMAND")
        with suppress(KeyboardInterrupt):
            signal.pause()
        if isinstance(network, EmulatedNetwork):
            _say(msgspec.json.format(msgspec.json.encode(network.statistics())).decode())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
