"""``householdctl`` and ``python -m householdctl``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.streams import OutputError, abandon_output, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors go to stderr, without a traceback.

    ``HOUSEHOLDCTL_DEBUG`` in the environment adds the traceback of a defect.
    """
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except OutputError as error:
        abandon_output()
        if not error.reader_left:
            print(f"Error: standard output: {_reason(error.error)}", file=sys.stderr)
        return ExitCode.FAILURE
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        from householdctl.app import app

        app([_text(argument) for argument in arguments], prog_name="householdctl")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.code
    except UnicodeEncodeError as error:
        # From the environment or a file name; _text() has checked the arguments.
        print(f"Error: {error.object!r} is not text in UTF-8", file=sys.stderr)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OutputError:
        raise
    except Exception as error:  # noqa: BLE001 - operators get a sentence, not a traceback
        return _defect(error)
    return ExitCode.OK


def _text(argument: str) -> str:
    """Return an argument as text; Python's locale may have decoded its UTF-8 byte by byte. Raises CommandError."""
    if argument.isascii():
        return argument
    try:
        return os.fsencode(argument).decode()
    except UnicodeDecodeError:
        raise CommandError(ExitCode.USAGE, f"{argument!r} is not text in UTF-8") from None
    except UnicodeEncodeError:
        # From a caller of run() that passes text.
        return argument


def _defect(error: Exception) -> int:
    if "HOUSEHOLDCTL_DEBUG" in os.environ:
        # Takes as long to import as --help takes in all.
        import traceback

        traceback.print_exc()
    words = f"{type(error).__name__}: {error}".removesuffix(": ")
    print(f"Error: a defect in householdctl: {words}", file=sys.stderr)
    print("  HOUSEHOLDCTL_DEBUG=1 shows where", file=sys.stderr)
    return ExitCode.FAILURE


def _reason(error: OSError) -> str:
    from householdctl.failures import describe_failure

    return describe_failure(error)


def main() -> None:
    """Run the console script."""
    prepare()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
