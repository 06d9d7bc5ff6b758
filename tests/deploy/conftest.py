"""Two processes of the app on one folder, behind nginx as ``deploy/nginx.conf`` has it."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests import ROOT
from tests.balancer import MISSING, find_nginx
from tests.running import free_port
from tests.ui.conftest import browser  # noqa: F401
from tests.ui.test_nothing_is_lost import Server

PATIENCE = 120  # seconds
AROUND = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 1024; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/site.conf;
}}
"""


def until(true: Callable[[], bool]) -> None:
    """Wait until ``true()``."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


class Replica(Server):
    """One process of the app, on the folder ``data``."""

    def __init__(self, folder: Path, data: Path) -> None:
        folder.mkdir()
        super().__init__(folder, PIX2PIX_DATA=str(data), OMP_NUM_THREADS="1")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/readyz", timeout=PATIENCE).status_code == 200
        return False

    @property
    def name(self) -> int:
        """What gradio calls this process, and no other one, in what every page begins with."""
        return httpx.get(f"{self.address}/config", timeout=PATIENCE).json()["app_id"]


def site(ports: list[int], listen: int, folder: Path) -> str:
    """``deploy/nginx.conf`` with these ports and this folder in place of its own."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    there = [f"127.0.0.1:{port}" for port in ports]
    changes = {"127.0.0.1:7860": there[0], "127.0.0.1:7861": there[1], "listen 80;": f"listen 127.0.0.1:{listen};"}
    for old, new in (changes | {"/var/log/nginx": str(folder)}).items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@contextmanager
def balancer(nginx: str, ports: list[int], folder: Path) -> Iterator[str]:
    """The address of ``nginx`` before the processes at ``ports``; it keeps its files in ``folder``."""
    listen = free_port()
    folder.mkdir()
    (folder / "site.conf").write_text(site(ports, listen, folder), encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
    with subprocess.Popen([nginx, "-p", folder, "-c", folder / "nginx.conf"]) as process:
        yield f"http://127.0.0.1:{listen}"
        process.terminate()


@pytest.fixture
def nginx() -> str:
    path = find_nginx()
    if not path:
        pytest.skip(MISSING)
    return path


@pytest.fixture
def replicas(nginx, tmp_path) -> Iterator[list[Replica]]:
    started: list[Replica] = []
    try:
        for name in ("one", "two"):
            started.append(Replica(tmp_path / name, tmp_path / "data"))
        until(lambda: all(replica.is_ready for replica in started))
        yield started
    finally:
        for replica in started:
            replica.kill()


@pytest.fixture
def address(nginx, replicas, tmp_path) -> Iterator[str]:
    with balancer(nginx, [replica.port for replica in replicas], tmp_path / "nginx") as address:
        yield address
