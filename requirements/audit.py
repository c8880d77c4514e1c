"""Check all pinned dependencies with the advisory services; ``make audit``.

Exits 1 if one has a known vulnerability. A service that does not answer is reported, but fails nothing: a change is not
at fault for a server that is down.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Return the exit status; arguments go to pip-audit, such as ``--osv-url``."""
    locks = sorted((ROOT / "requirements").glob("*.lock"))
    found = [line for lock in locks for line in _python(lock, sys.argv[1:])]
    found += _npm()
    for line in found:
        print(line)
    return 1 if found else 0


def _python(lock: Path, options: Sequence[str]) -> list[str]:
    # Hash-pinned requirements need no resolving.
    fixed = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json")
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", *fixed, *options]
    answer = _answer(lock.name, [*command, "--requirement", str(lock)], "dependencies")
    return [
        f"{lock.name}: {each['name']} {each['version']}: {problem['id']}, fixed in {problem['fix_versions']}"
        for each in answer.get("dependencies", ())
        for problem in each.get("vulns", ())
    ]


def _npm() -> list[str]:
    name = "client/package-lock.json"
    answer = _answer(name, ["npm", "--prefix", str(ROOT / "client"), "audit", "--json"], "vulnerabilities")
    return [
        f"{name}: {package} {problem['range']}: {problem['severity']}"
        for package, problem in answer.get("vulnerabilities", {}).items()
    ]


def _answer(subject: str, command: list[str], key: str) -> dict[str, Any]:
    """Return the command's JSON if it has ``key``; else report the reason and return an empty dict.

    Both commands exit 1 for findings and for failures.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        answer = {}
    if key in answer:
        print(f"{subject}: asked about {len(answer[key])} packages" if key == "dependencies" else f"{subject}: asked")
        return answer
    # npm gives its reason in the JSON, pip-audit in the last line of a traceback.
    reason = answer.get("message") or done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
    print(f"{subject}: skipped, the advisory service cannot be asked: {reason[:200]}")
    return {}


if __name__ == "__main__":
    sys.exit(main())
