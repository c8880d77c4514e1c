"""``householdctl`` and ``python -m householdctl``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from householdctl.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; what went wrong is on stderr, never as a traceback.

    ``HOUSEHOLDCTL_DEBUG`` in the environment adds the traceback of an error that is nobody's wrong input.
    """
    try:
        from householdctl.app import app

        app(list(arguments), prog_name="householdctl")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: an operator is owed a sentence, not a traceback
        if "HOUSEHOLDCTL_DEBUG" in os.environ:
            # Takes as long to import as the whole of --help.
            import traceback

            traceback.print_exc()
        print(f"Error: a defect in householdctl: {type(error).__name__}: {error}", file=sys.stderr)
        print("  HOUSEHOLDCTL_DEBUG=1 shows where", file=sys.stderr)
        return ExitCode.FAILURE
    return ExitCode.OK


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
