"""The files that an operator starts from fit each other and the app."""

import re

import yaml

from tests import ROOT

DEPLOY = ROOT / "deploy"
PORT = re.compile(r"127\.0\.0\.1:(\d+)")
COPIED = re.compile(r"^COPY (.+) \S+$", re.MULTILINE)


def test_nginx_asks_where_the_processes_listen():
    asked = PORT.findall((DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    assert asked == [str(service["environment"]["GRADIO_SERVER_PORT"]) for service in services]
    assert {service["environment"]["GRADIO_SERVER_NAME"] for service in services} == {"127.0.0.1"}
    assert len({service["volumes"][0] for service in services}) == 1
    unit = (DEPLOY / "pix2pix@.service").read_text(encoding="utf-8")
    (start,) = re.findall(r"GRADIO_SERVER_PORT=(\d+)%i", unit)
    assert asked == [start + str(gpu) for gpu in range(len(asked))]


def test_nginx_knows_browsers_by_the_cookie_that_the_app_gives():
    from pix2pix.ui.crowd.listeners import COOKIE

    (pattern,) = re.findall(r'"~(.+)" \$browser;', (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    pattern = re.compile(pattern.replace("?<", "?P<"))
    assert pattern.search(f"{COOKIE}=abc")["browser"] == pattern.search(f"a=b; {COOKIE}=abc; c=d")["browser"] == "abc"
    assert not pattern.search(f"not-{COOKIE}=abc")


def test_the_image_gets_all_that_it_copies_and_all_that_the_app_is():
    copied = {name for names in COPIED.findall((DEPLOY / "Dockerfile").read_text()) for name in names.split()}
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent >= {"app.py", "pix2pix", "requirements.txt"}
    assert all((ROOT / name).exists() for name in copied)


def test_versions_are_read_from_the_lock_as_the_dockerfile_says():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"grep --only-matching '(.+?)' requirements.lock", text)
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = {_plain(found[0]) for line in lines if (found := re.match(pattern, line))}
    assert {_plain(line) for line in (ROOT / "requirements.txt").read_text().split()} <= pinned
    assert len(pinned) > 50


def _plain(requirement: str) -> str:
    """``huggingface_hub[extra]==1`` -> ``huggingface-hub==1``."""
    return re.sub(r"\[.*\]", "", requirement).lower().replace("_", "-")
