"""Visitors who join the queue as fast as they can and never listen: a program of its own, as strangers are.

``python -m tests.reliability.flood ADDRESS NUMBER AT_ONCE`` reads a photo's data URL and prints what was said as JSON.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import httpx

from pix2pix.ui.crowd.listeners import COOKIE
from tests import ROOT


def joins(address: str, photo: str, names: Iterable[str]) -> list[tuple[float, float, int, str]]:
    """Each of these visitors joins: when it began, the seconds, the status, and what was said."""
    said = []
    with httpx.Client(verify=False, timeout=60) as client:
        for name in names:
            began = time.monotonic()
            values, cookie = {"photo": photo, "instruction": name}, {"Cookie": f"{COOKIE}={name}"}
            answer = client.post(f"{address}/gradio_api/call/v2/edit", json=values, headers=cookie)
            said.append((began, time.monotonic() - began, answer.status_code, answer.json().get("detail", "")))
    return said


def flood(address: str, photo: str, number: int, at_once: int) -> list[tuple[float, float, int, str]]:
    """What ``joins`` gives of so many, who come from a process of their own; its clock is that of all processes."""
    command = [sys.executable, "-m", "tests.reliability.flood", address, str(number), str(at_once)]
    done = subprocess.run(command, cwd=ROOT, input=photo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [tuple(one) for one in json.loads(done.stdout.splitlines()[-1])]


def main(address: str, number: int, at_once: int) -> None:
    """Join, so many at the same time."""
    photo = sys.stdin.read()
    names = [[f"flood {index}" for index in range(first, number, at_once)] for first in range(at_once)]
    with ThreadPoolExecutor(at_once) as threads:
        print(json.dumps([*chain.from_iterable(threads.map(lambda some: joins(address, photo, some), names))]))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
