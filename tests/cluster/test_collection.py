"""A small collection through a cluster of two workers."""

from dataclasses import replace

import pytest

from pix2pix import CheckpointError, EditError, EditRequest, edit_collection, read_receipt
from pix2pix.cluster.found import OTHERWISE
from pix2pix.cluster.worker import ATTEMPTS, KILLS
from pix2pix.photo.digest import digest_of
from tests.cluster.collections import REQUEST, assert_as_single_edits, write_bad_ones, write_photos
from tests.cluster.fakes import DEADLY, no_model

pytestmark = pytest.mark.usefixtures("cluster")


def test_photos_become_results_and_bad_ones_become_sentences(scene, tiny_editor, tmp_path):
    write_photos(scene.source, 12)
    write_bad_ones(scene.source)
    finished = edit_collection(str(scene.source), REQUEST, str(scene.target), load=scene.load(), recursive=True)
    assert (finished.photos, finished.failed) == (12, 7)
    assert len(scene.results()) == 12
    assert_as_single_edits(scene, tiny_editor, tmp_path)
    rows = {row["source"]: row for row in scene.rows()}
    assert len(rows) == 19
    assert all(row["error"].endswith(".") for row in rows.values() if row["receipt"] is None)
    assert set(scene.texts().values()) == {1}
    assert scene.threads() == {"1"}

    edits, kept = scene.edits(), {row["source"]: row["seconds"] for row in rows.values()}
    again = edit_collection(str(scene.source), replace(REQUEST, seed=None), str(scene.target), recursive=True)
    assert (again.photos, again.failed) == (12, 7)
    assert scene.edits() == edits
    assert {row["source"]: row["seconds"] for row in scene.rows()} == kept


@pytest.mark.cluster
def test_a_photo_that_kills_its_worker_is_a_row(scene):
    write_photos(scene.source, 12)
    deadly = scene.source / "photo 1.jpg"
    deadly.write_bytes(deadly.read_bytes() + DEADLY)
    finished = edit_collection(str(scene.source), REQUEST, str(scene.target), load=scene.load(), recursive=True)
    assert (finished.photos, finished.failed) == (11, 1)
    errors = {row["source"]: row["error"] for row in scene.rows()}
    assert len(errors) == 12
    assert errors[str(deadly)] == KILLS
    assert scene.edits()[digest_of(deadly)] == ATTEMPTS
    assert len(scene.results()) == 11


@pytest.mark.cluster
def test_other_words_stay_and_the_seed_is_taken_over(scene):
    write_photos(scene.source, 2)
    folders = str(scene.source / "inside"), str(scene.target)
    edit_collection(folders[0], EditRequest("make it night", seed=41), folders[1], load=scene.load())
    assert edit_collection(folders[0], EditRequest("add fog"), folders[1], load=scene.load()).failed == 1
    assert scene.rows()[0]["error"] == OTHERWISE
    (scene.source / "photo 1.jpg").rename(scene.source / "inside" / "photo 1.jpg")
    edit_collection(folders[0], EditRequest("make it night"), folders[1], load=scene.load(), vary_seed=True)
    assert [read_receipt(result).seed for result in scene.results()] == [41, 42]


@pytest.mark.cluster
def test_what_stops_every_photo_is_one_sentence(scene):
    write_photos(scene.source, 2)
    with pytest.raises(CheckpointError, match=r"^There is no model of that name\.$"):
        edit_collection(str(scene.source), REQUEST, str(scene.target), load=no_model)
    with pytest.raises(EditError, match="no photos in this folder"):
        edit_collection(str(scene.target), REQUEST, str(scene.source))
    with pytest.raises(EditError, match="cannot be listed"):
        edit_collection(str(scene.source / "nowhere"), REQUEST, str(scene.target))
