"""Somebody on the page without a browser: the calls that a browser makes, with a key, a tab, a session and a cookie."""

import json
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx

from pix2pix.serving.workspace import new_key
from pix2pix.ui.crowd.listeners import COOKIE

SECONDS = 120
SETTINGS = {"new-seed": False, "steps": 2, "resolution": 32, "guidance-scale": 3.0, "image-guidance-scale": 1.5}


@cache
def config_of(address: str) -> dict:
    """What the page is made of; the same for everybody, also after a restart."""
    return httpx.get(f"{address}/config", timeout=SECONDS).json()


class Guest:
    """Attributes:
    key: opens the workspace; only this guest has it.
    session: gradio's hash, which stands in addresses.
    client: with the cookie of this guest's browser.
    photo: the upload that was chosen last, as gradio's fields take it.
    """

    session: str

    def __init__(self, address: str) -> None:
        self.address, self.key, self.tab = address, new_key(), "a tab"
        self.photo: dict = {}
        self._cookies = {COOKIE: new_key()}
        self.client = self._arrive()

    def open_page_again(self) -> None:
        """A session of its own begins; the key, the tab and the cookie stay."""
        self.client.close()
        self.client = self._arrive()

    def _arrive(self) -> httpx.Client:
        self.session = secrets.token_hex(8)
        return httpx.Client(verify=False, timeout=SECONDS, cookies=self._cookies)

    def uploaded(self, photo: Path) -> dict:
        """``photo`` as gradio's fields take it."""
        files = {"files": (photo.name, photo.read_bytes())}
        (path,) = self.client.post(f"{self.address}/gradio_api/upload", files=files).json()
        return {"path": path, "orig_name": photo.name, "meta": {"_type": "gradio.FileData"}}

    def choose(self, photo: Path) -> None:
        """Drop ``photo`` into the field of the edit tab."""
        self.photo = self.uploaded(photo)
        self.at_once("receive_1", photo=self.photo)

    def body(self, name: str, **values: object) -> dict:
        """The call of the event ``name``, with ``values`` in the fields of these ids and the page's own elsewhere."""
        config = config_of(self.address)
        (event,) = [one for one in config["dependencies"] if one["api_name"] == name]
        parts = {one["id"]: one["props"] | {"type": one["type"]} for one in config["components"]}
        said = {"browserstate": self.key, "textbox": self.tab, **values}
        inputs = [parts[one] for one in event["inputs"]]
        data = [said.get(part.get("elem_id") or part["type"], part.get("value")) for part in inputs]
        return {"data": data, "fn_index": event["id"], "session_hash": self.session}

    def at_once(self, name: str, **values: object) -> str:
        """What an event beside the queue answers, as a text."""
        answer = self.client.post(f"{self.address}/gradio_api/run/{name}", json=self.body(name, **values))
        return json.dumps(answer.json(), ensure_ascii=False)

    def join(self, name: str, **values: object) -> str:
        """Ask for an event of the queue; returns its number."""
        answer = self.client.post(f"{self.address}/gradio_api/queue/join", json=self.body(name, **values))
        assert answer.status_code == 200, answer.text
        return answer.json()["event_id"]

    def hear(self, job: str) -> Iterator[dict]:
        """What is said about ``job``, to its end; whoever drops it stops listening."""
        url = f"{self.address}/gradio_api/queue/data?session_hash={self.session}"
        with self.client.stream("GET", url) as events:
            for line in events.iter_lines():
                event = json.loads(line.removeprefix("data: ")) if line else {}
                if event.get("event_id") == job:
                    yield event
                    if event["msg"] == "process_completed":
                        return

    def heard(self, job: str) -> str:
        """All that is said about ``job``, which ends well, as a text."""
        said = list(self.hear(job))
        assert said[-1]["success"], said[-1]
        return json.dumps(said, ensure_ascii=False)

    def asked(self, name: str, **values: object) -> str:
        """What an event of the queue says, to its end."""
        return self.heard(self.join(name, **values))

    def ask(self, words: str, seed: int = 0, **settings: object) -> str:
        """Press Edit; returns the number of the job."""
        asking = {**SETTINGS, "photo": self.photo, "instruction": words, "seed": seed, **settings}
        self.asked("wait", **asking)
        return self.join("edit_1", **asking)

    def edit(self, words: str, seed: int = 0, **settings: object) -> str:
        """Press Edit; all that is said until the result is in view."""
        return self.heard(self.ask(words, seed, **settings))

    def opened(self) -> str:
        """What the edit tab shows when the page is opened again."""
        return self.at_once("open")

    def close(self) -> None:
        """The browser is closed."""
        self.client.close()
