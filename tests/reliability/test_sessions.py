"""Gradio's sessions are cheap and strangers can make any number; what a visitor has is not in them."""

import pytest

from tests.reliability.conftest import CLIENT, SESSIONS, Fake, serving

KEY, TAB = "0123456789abcdef" * 2, "a tab"


@pytest.fixture
def app(tmp_path):
    """Its address, and its configuration."""
    with serving(tmp_path, Fake()) as address:
        yield address, CLIENT.get(f"{address}/config").json()


def asked_of_the_page(app, name, session, **values):
    """What a call of the page answers, as a text, with ``values`` in the fields of these ids."""
    address, config = app
    (event,) = [one for one in config["dependencies"] if one["api_name"] == name]
    parts = {one["id"]: one for one in config["components"]}
    ids = [parts[one]["props"].get("elem_id") or parts[one]["type"] for one in event["inputs"]]
    given = [
        values.get(one, parts[index]["props"].get("value")) for one, index in zip(ids, event["inputs"], strict=True)
    ]
    body = {"data": given, "fn_index": event["id"], "session_hash": session}
    return CLIENT.post(f"{address}/gradio_api/run/{name}", json=body).text


def test_many_strange_sessions_lose_nothing(app):
    words = {"browserstate": KEY, "textbox": TAB, "instruction": "make it zanzibar"}
    asked_of_the_page(app, "read_words", "mine", **words)
    for index in range(2 * SESSIONS):
        asked_of_the_page(app, "undo", f"stranger{index}")
    opened = _opened(app, KEY)
    assert "make it zanzibar" in opened
    assert "zanzibar" not in _opened(app, KEY[::-1])


def _opened(app, key):
    """What the page shows to somebody who opens it with ``key``."""
    for name in ("open", "open_1"):
        said = asked_of_the_page(app, name, "later", browserstate=key, textbox=TAB)
        if key in said:
            return said
    raise AssertionError("no event opens the page")
