"""Folders, here and elsewhere."""

import os

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from pix2pix.cluster.store import Store
from pix2pix.errors import EditError


class Renaming(MemoryFileSystem):
    """A store that writes bit by bit, so that files are renamed when they are whole."""

    protocol = "renaming"
    store, pseudo_dirs = {}, [""]

    def pipe_file(self, path, value, **options):
        assert os.path.basename(path).startswith(".")
        super().pipe_file(path, value, **options)


@pytest.fixture(params=["here", "memory", "renaming"])
def store(request, tmp_path):
    if request.param == "here":
        return Store.at(f"file://{tmp_path}/")
    if request.param == "memory":
        return Store.at("memory://photos")
    return Store("renaming://photos", Renaming(), "/photos")


def test_what_is_written_is_read_and_listed(store):
    store.write("a/one.png", b"1")
    store.write("a/one.png", b"12")
    store.write("two.png", b"123")
    assert (store.read("a/one.png"), store.read("two.png", most=2)) == (b"12", b"12")
    assert sorted(store.entries()) == [("a", True), ("two.png", False)]
    assert list(store.entries("a")) == [("one.png", False)]
    with pytest.raises(FileNotFoundError):
        list(store.entries("nowhere"))
    with pytest.raises(FileNotFoundError):
        store.read("nowhere.png")


def test_links_to_folders_are_not_walked_into(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "photo.png").touch()
    (tmp_path / "other.png").symlink_to(tmp_path / "photo.png")
    entries = sorted(Store.at(str(tmp_path)).entries())
    assert entries == [("other.png", False), ("photo.png", False), ("real", True)]


@pytest.mark.parametrize("url", ["nothing://bucket/photos", "s3://bucket/photos"])
def test_a_store_that_is_not_known_or_not_installed_is_one_sentence(url):
    with pytest.raises(EditError, match=r"^This folder cannot be reached \(.+\)\.$"):
        Store.at(url)
