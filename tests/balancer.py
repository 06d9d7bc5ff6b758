"""The nginx that the tests of several processes need; ``python -m tests.balancer`` installs it where it can."""

import os
import shutil
import subprocess
from contextlib import suppress

QUIET = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
MISSING = (
    "The tests of several processes need nginx (Debian and Ubuntu: apt-get install nginx-light); without it they skip."
)


def find_nginx() -> str | None:
    """Where nginx is; on Debian the path of people who are not root does not lead there."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def install_nginx() -> None:
    """Try the system's packages where we may; quietly, as it may fail."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "nginx-light"]):
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, env=QUIET, capture_output=True, timeout=600, check=False)


if __name__ == "__main__":
    if not find_nginx():
        print("Getting nginx for the tests of several processes …", flush=True)
        install_nginx()
    if not find_nginx():
        print(MISSING)
