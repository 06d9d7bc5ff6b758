"""What is known against the packages of ``requirements.lock``; ``python -m tests.audit`` asks with pip-audit.

A package that could not be asked for is not clean: the answer is then one sentence, and a status that is not 0.
"""

import json
import subprocess
import sys

from tests import ROOT

LOCK = ROOT / "requirements.lock"
COMMAND = ("-m", "pip_audit", "--requirement", str(LOCK), "--disable-pip", "--require-hashes", "--format", "json")
SECONDS = 600
CANNOT_ASK = "The list of known faults cannot be asked; go online, or try again where it can be reached."


def ask() -> list[dict] | None:
    """What pip-audit says of each package, or ``None`` where it got no answer for all of them."""
    command = [sys.executable, *COMMAND, "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        packages: list[dict] = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    return None if any("skip_reason" in package for package in packages) else packages


def sentences(packages: list[dict]) -> list[str]:
    """One for each fault that is known."""
    return [
        f"{package['name']} {package['version']} has the known fault {fault['id']}; it is mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}."
        for package in packages
        for fault in package["vulns"]
    ]


def main() -> None:
    packages = ask()
    if packages is None:
        sys.exit(CANNOT_ASK)
    if found := sentences(packages):
        sys.exit("\n".join(found))
    print(f"Nothing is known against the {len(packages)} packages of {LOCK.name}.")


if __name__ == "__main__":
    main()
