"""Thirty visitors edit at the same time, each with words, a photo and a name that nobody else has; none sees another's.

What gradio does not prevent stands in the README and in docs/SECURITY.md, and is asserted last.
"""

import logging
import random
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from app import LOG_OF_EDITS
from pix2pix.serving.store import Store
from pix2pix.serving.visitors import Visitors
from pix2pix.serving.workspace import new_key
from tests import ROOT
from tests.reliability.conftest import CLIENT, serving
from tests.reliability.guest import SETTINGS, Guest
from tests.ui.conftest import StudioOf

SESSIONS, ROUNDS, AT_ONCE, SEED = 30, 10, 6, 15
FEW, FEW_ROUNDS = 4, 3
MARK = re.compile("zanzibar[a-z]{2}")
FILE = re.compile(r'"path": "([^"]+/files/[0-9a-f]{32}/[^"]+)"')


class Marked(Guest):
    """A guest whose words and photo carry a mark.

    Attributes:
        given: all that the app has answered, as texts.
        words: of the edits, in their order; the seed of each is its place.
    """

    def __init__(self, address: str, number: int, folder: Path) -> None:
        super().__init__(address)
        self.mark = f"zanzibar{chr(97 + number // 26)}{chr(97 + number % 26)}"
        self.file = folder / f"{self.mark}.png"
        noise = Image.effect_noise((96, 64), 60)
        Image.merge("RGB", (noise, Image.new("L", noise.size, 8 * number), noise.rotate(180))).save(self.file)
        self.choose(self.file)
        self.given: list[str] = []
        self.words: list[str] = []

    def edit_once(self) -> None:
        """One more edit, and a look at the page."""
        self.words.append(f"make it {self.mark} {len(self.words)}")
        self.given += [self.edit(self.words[-1], len(self.words) - 1), self.opened()]

    def edit_gallery(self) -> None:
        """One photo on the gallery tab, from the drop to the ZIP file."""
        settings = {f"gallery-{name}": value for name, value in SETTINGS.items()}
        asked = {**settings, "gallery-seed": 1, "gallery-instruction": f"make it {self.mark} gallery"}
        self.given.append(self.asked("receive", **{"gallery-photos": [self.uploaded(self.file)]}))
        self.given.append(self.asked("ask_all", **asked))
        self.given += [self.asked("take_turn"), self.at_once("open_1"), self.asked("pack")]

    def files(self) -> list[Path]:
        """All files of the store that the page was given, without those that a browser has itself."""
        return [Path(path) for path in dict.fromkeys(FILE.findall(" ".join(self.given)))]


class Crowd:
    """The app, its log, and everybody who has worked with it."""

    def __init__(self, editor, address: str, visitors: Visitors, guests: list[Marked]) -> None:
        self.editor, self.address, self.visitors, self.guests = editor, address, visitors, guests

    def work(self, rounds: int) -> None:
        """Everybody edits, a few at the same time, in an order that changes; the last round are galleries."""
        chance = random.Random(SEED)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for number in range(rounds):
                act = Marked.edit_gallery if number == rounds - 1 else Marked.edit_once
                list(threads.map(act, chance.sample(self.guests, len(self.guests))))

    def foreign(self, guest: Marked, text: str) -> set[str]:
        """The marks in ``text`` that are another's."""
        return {*MARK.findall(text)} - {guest.mark}


@contextmanager
def crowd_of(number: int, editor, folder: Path) -> Iterator[Crowd]:
    opened: list[Visitors] = []

    def remembered(store: Store, limits) -> Visitors:
        opened.append(Visitors(store, limits))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch, ExitStack() as left:
        patch.setattr("tests.reliability.conftest.Visitors", remembered)
        address = left.enter_context(serving(folder, StudioOf(editor)))
        guests = [left.enter_context(closing(Marked(address, index, folder))) for index in range(number)]
        yield Crowd(editor, address, opened[0], guests)


def check_outputs(crowd: Crowd) -> None:
    """Each result is what the same edit is alone, under the guest's own words."""
    for guest in crowd.guests:
        results = crowd.visitors.workspace(guest.key).results()
        assert [result.request.instruction for result in results] == guest.words
        for result in results:
            with Image.open(result.file) as picture:
                alone = crowd.editor.edit(guest.file, result.request).image
                assert picture.tobytes() == alone.tobytes()
        for path in guest.files():
            assert path.exists()
            assert crowd.foreign(guest, str(path) + path.read_bytes().decode("latin-1")) == set()


def check_pages(crowd: Crowd) -> None:
    """What everybody was told, the history and the gallery, and the ZIP file."""
    for guest in crowd.guests:
        told = " ".join(guest.given)
        assert crowd.foreign(guest, told) == set()
        assert all(words in guest.opened() for words in guest.words[-1:])
        assert guest.mark in guest.at_once("open_1")
        (archive,) = [path for path in guest.files() if path.suffix == ".zip"]
        with zipfile.ZipFile(archive) as packed:
            names = " ".join(packed.namelist())
        assert {*MARK.findall(names)} == {guest.mark}


def check_cache(crowd: Crowd) -> None:
    """What was encoded for a guest is of the guest's own words and photo."""
    photos: list[set] = []
    for guest in crowd.guests:
        session = crowd.visitors.session(crowd.visitors.workspace(guest.key))
        words = " ".join(str(key) for key in session.conditionings._values)
        assert {*MARK.findall(words)} == {guest.mark}
        photos.append({*session.image_latents._values, *session.copies._values})
    assert all(photos)
    assert sum(map(len, photos)) == len(set.union(*photos))


def check_replays(crowd: Crowd) -> None:
    """Whoever sends another's session hash, with a key of their own or none, sees nothing and hears nothing."""
    for victim in crowd.guests[:3]:
        thief = Guest(crowd.address)
        thief.session = victim.session
        for thief.key in (new_key(), "", None):
            for name in ("open", "open_1", "undo", "redo", "fill_in_settings", "look_at_the_clock", "choose_1"):
                assert not MARK.search(thief.at_once(name)), name
        url = f"{crowd.address}/gradio_api/queue/data?session_hash={victim.session}"
        with thief.client.stream("GET", url) as listening:  # whoever is let in hears something without end
            assert listening.status_code == 403
        thief.close()


def check_files(crowd: Crowd) -> None:
    """A file comes for the address that the page gave out, whole, and for nothing less."""
    for guest in crowd.guests[:3]:
        path = guest.files()[0]
        assert fetched(crowd, path).content == path.read_bytes()
        another = path.parent.with_name(new_key())
        for guess in (path.parent, path.parent.parent, another / path.name, path.with_name("other.png")):
            assert fetched(crowd, guess).status_code in (403, 404), guess
    for inside in ("index.sqlite", "index.sqlite-wal", "files/../index.sqlite"):
        assert fetched(crowd, crowd.visitors.store.folder / inside).status_code in (403, 404), inside


def fetched(crowd: Crowd, path: Path) -> httpx.Response:
    return CLIENT.get(f"{crowd.address}/gradio_api/file={quote(str(path))}")


def check(crowd: Crowd, rounds: int, caplog) -> None:
    caplog.set_level(logging.WARNING)  # as the app has it
    caplog.set_level(logging.INFO, logger=LOG_OF_EDITS)
    crowd.work(rounds)
    assert sum(line.startswith("edit outcome=done") for line in caplog.messages) == rounds * len(crowd.guests)
    assert MARK.findall(caplog.text) == []
    for one in (check_outputs, check_pages, check_cache, check_replays, check_files):
        one(crowd)


def test_visitors_at_the_same_time_see_their_own_only(tiny_editor, tmp_path, caplog):
    with crowd_of(FEW, tiny_editor, tmp_path) as crowd:
        check(crowd, FEW_ROUNDS, caplog)


@pytest.mark.torture
def test_thirty_visitors_at_the_same_time_see_their_own_only(tiny_editor, tmp_path, caplog):
    with crowd_of(SESSIONS, tiny_editor, tmp_path) as crowd:
        check(crowd, ROUNDS, caplog)
    print(f"{SESSIONS} visitors with {ROUNDS} edits each, {AT_ONCE} at the same time: no mark of another anywhere")


@pytest.mark.parametrize("page", ["README.md", "docs/SECURITY.md"])
def test_what_gradio_does_not_prevent_is_said_plainly(page):
    said = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    for plainly in ("knows the address of a file", "session hash", "has the very same file"):
        assert plainly in said, plainly
