"""A line between two existing network namespaces: ``python -m tests.link_emulator SERVER CLIENT SPEC``.

SPEC is a file with a LineSpec as JSON, such as

    {"down": {"rate": {"model": "constant", "bits_s": 50e6}, "queue": {"discipline": "codel", "limit": 1000000},
              "delay": 0.02, "loss": {"model": "random", "share": 0.01}},
     "up": {"rate": {"model": "lte", "mean_bits_s": 10e6}, "queue": {"discipline": "tail_drop", "limit": 100000},
            "delay": 0.02, "jitter": {"access": 0.0005, "free": 0.4, "busy": 0.03}}}

Needs root. The server is 10.213.1.1, the client 10.213.2.1; the command prints ``ready`` and carries packets until
SIGINT or SIGTERM. With ``--statistics FILE`` it writes what the line has carried, as JSON, at SIGUSR1 and at its end.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from pathlib import Path

import msgspec

from tests.lab.netns import LabUnavailableError, Namespace
from tests.lab.network import CLIENT, SERVER
from tests.link_emulator.device import open_device, unread_packets
from tests.link_emulator.runner import Runner
from tests.link_emulator.spec import LineSpec, make_direction


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.link_emulator", description=__doc__.split(":")[0])
    parser.add_argument("server", help="network namespace of the server", metavar="SERVER")
    parser.add_argument("client", help="network namespace of the client", metavar="CLIENT")
    parser.add_argument("spec", help="file with the line's description", metavar="SPEC", type=Path)
    parser.add_argument("--statistics", help="file for what the line has carried", metavar="FILE", type=Path)
    given = parser.parse_args()
    try:
        _carry(Namespace(given.server), Namespace(given.client), given.spec, given.statistics)
    except (LabUnavailableError, OSError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


def _carry(server: Namespace, client: Namespace, path: Path, statistics: Path | None) -> None:
    spec = msgspec.json.decode(path.read_bytes(), type=LineSpec)
    down, up = make_direction(spec.down), make_direction(spec.up)
    runner = Runner(open_device(server, SERVER, CLIENT), open_device(client, CLIENT, SERVER), down, up)

    def write_statistics() -> None:
        if statistics is not None:
            found = runner.statistics(unread_packets(server) + unread_packets(client))
            # Complete or not at all: others wait for it.
            beside = statistics.with_name(f"{statistics.name}.new")
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
            beside.replace(statistics)

    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, lambda *_: runner.stop())
    signal.signal(signal.SIGUSR1, lambda *_: write_statistics())
    # Nothing here makes cycles, and a collection would delay packets.
    gc.disable()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    runner.run()
    write_statistics()


if __name__ == "__main__":
    main()
