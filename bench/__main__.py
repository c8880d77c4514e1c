"""Measures what one machine carries, as tables; ``--write`` puts them into docs/performance.md.

``python -m bench``, or ``make bench ARGS=...``. The server runs on core 0, its clients on core 1.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from bench import cores, report
from bench.figures import Options, Question

QUESTIONS = ("household", "bulk", "paced", "upload", "latency", "control", "idle", "workers", "start", "capacity")
"""Modules of ``bench.questions``, each with a function ``answer``. The last one exits on a busy machine."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"one of {', '.join(QUESTIONS)}; all without")
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which each subject has its turn; default 5")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement; default 3")
    parser.add_argument("--write", action="store_true", help=f"write tables and plots into {report.DOCUMENT}")
    arguments = parser.parse_args()
    if unknown := set(arguments.questions) - set(QUESTIONS):
        parser.error(f"{', '.join(sorted(unknown))}: the questions are {', '.join(QUESTIONS)}")
    if arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("--rounds is at least 1, --seconds more than 0")
    cores.pin_load()
    options = Options(arguments.rounds, arguments.seconds)
    command = f"make bench ARGS='{' '.join(sys.argv[1:])}'"
    for name in arguments.questions or QUESTIONS:
        question: Question = importlib.import_module(f"bench.questions.{name}").answer
        answer = question(options)
        print(f"## {answer.title}\n\n{report.markdown(answer)}\n", flush=True)
        if arguments.write:
            # matplotlib is needed for drawing only.
            from bench import plots  # noqa: PLC0415

            report.write(name, answer, options, command, plots.draw(name, answer))


if __name__ == "__main__":
    main()
