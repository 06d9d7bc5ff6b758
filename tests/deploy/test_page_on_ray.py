"""The page with its editors on Ray: a real cluster, the app as one starts it, a real browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import ROOT
from tests.cluster.conftest import replicas
from tests.deploy.conftest import until
from tests.ui.conftest import PATIENCE, open_page
from tests.ui.test_nothing_is_lost import Server, begin_a_long_edit, two_results

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A cluster of this machine with a token of its own, and pocket deployed as ``deploy/serve.yaml`` says."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "token").write_text("a" * 64)
    said = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(folder / "token"), "RAY_USAGE_STATS_ENABLED": "0"}
    whole = {**os.environ, **said, "PYTHONPATH": str(ROOT)}
    subprocess.run([BIN / "ray", "start", "--head", "--num-cpus", "2"], check=True, env=whole, capture_output=True)
    try:
        subprocess.run([BIN / "serve", "deploy", ROOT / "deploy" / "serve.yaml"], check=True, env=whole)
        yield said
    finally:
        subprocess.run([BIN / "ray", "stop", "--force"], env=whole, capture_output=True)


@pytest.fixture
def server(environment, tmp_path):
    server = Server(tmp_path, PIX2PIX_RAY="auto", PIX2PIX_AT_ONCE="4", **environment)
    yield server
    server.kill()


@pytest.mark.cluster
def test_a_visitor_notices_neither_that_editors_are_elsewhere_nor_that_one_dies(server, browser, photos, tmp_path):
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, f"http://127.0.0.1:{server.port}")
    two_results(page, photos[0], tmp_path)
    begin_a_long_edit(page)
    (first,) = replicas()
    first.kill()
    until(lambda: any(one.pid != first.pid for one in replicas()))
    expect(page.locator("#strip img")).to_have_count(3)
    page.context.close()
