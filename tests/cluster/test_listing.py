"""Which photos there are, in which order, and what their results are called."""

import os
from collections import Counter

from pix2pix.cluster.listing import Listed, listed
from pix2pix.cluster.names import as_names, of_names
from pix2pix.cluster.store import Store
from pix2pix.files.folders import photos_in

NAMES = (
    "IMG_10.jpg",
    "IMG_2.jpg",
    "b/1.png",
    "b/c/2.png",
    "b.png",
    "É.jpg",
    "notes.txt",
    ".hidden.png",
    "@eaDir/x.jpg",
)


def stores(tmp_path):
    for name in NAMES:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return Store.at(str(tmp_path / "in")), Store.at(str(tmp_path / "in" / "out"))


def test_the_order_is_that_of_the_command_without_ray(tmp_path):
    source, target = stores(tmp_path)
    for recursive in (True, False):
        found = list(listed(source, target, recursive))
        expected = photos_in(tmp_path / "in", recursive, leave_out=tmp_path / "in" / "out").photos
        assert [photo.source for photo in found] == [str(path.relative_to(tmp_path / "in")) for path in expected]
        assert [photo.index for photo in found] == list(range(len(found)))


def test_results_have_names_of_their_own_and_leave_room_for_an_ending(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a.png", "a.jpg", "a.v2.jpg", "x" * 251 + ".jpg"):
        (source / name).touch()
    found = {one.source: one.target for one in listed(Store.at(str(source)), Store.at(str(tmp_path / "out")), False)}
    assert (found["a.jpg"], found["a.png"]) == ("a", "a-2")
    assert found["a.v2.jpg"] == "a.v2"
    assert max(map(len, found.values())) == 250


def test_what_is_there_is_known_and_no_folder_is_asked_twice(tmp_path):
    source, target = stores(tmp_path)
    for name in ("IMG_2.jpg", "IMG_2.png", "b/1.png", "other.gif"):
        target.write(name, b"")
    asked = Counter()

    class Counted(Store):
        def entries(self, folder=""):
            asked[self.root, folder] += 1
            return super().entries(folder)

    found = listed(Counted(source.url, source.files, source.root), Counted(target.url, target.files, target.root), True)
    there = {photo.source: set(photo.there) for photo in found if photo.there}
    assert there == {"IMG_2.jpg": {".jpg", ".png"}, "b/1.png": {".png"}}
    assert set(asked.values()) == {1}


def test_names_travel_that_are_not_utf_8(tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    photos = [Listed(7, name, "cafe", (".png",)), Listed(8, "é.jpg", "é")]
    assert of_names(as_names(photos)) == photos
    assert Store.at(str(tmp_path)).address(name).isprintable()
