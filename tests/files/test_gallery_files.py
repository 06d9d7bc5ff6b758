"""What a gallery leaves behind: the ZIP with its table, the contact sheet, and the board that they come from."""

import csv
import io
import re
import unicodedata
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from pix2pix import EditRequest, EditSession, InvalidImage, Outcome, read_receipt
from pix2pix.files import fonts
from pix2pix.files.archive import ArchivedPhoto, write_archive
from pix2pix.files.contact_sheet import SIDE, Pair, contact_sheet
from pix2pix.files.fonts import fitting_font
from pix2pix.serving.workspace import new_key
from pix2pix.ui.gallery import cards
from pix2pix.ui.gallery.board import Board
from pix2pix.ui.gallery.card import DONE, FAILED, WAITING

REQUEST = EditRequest("make it snowy", 2, 3.0, 1.5, 4, 32)


@pytest.fixture
def result(tiny_editor, scene):
    return tiny_editor.edit(scene, REQUEST)


@pytest.fixture
def board(scene, tmp_path, visitors):
    """Four cards, the last of which is no photo."""
    photos = []
    for name in ("a.png", "b.png", "c.png"):
        scene.save(tmp_path / name)
        photos.append((tmp_path / name, name))
    (tmp_path / "text.jpg").write_text("no photo")
    workspace = visitors.workspace(new_key())
    board = Board(workspace, "a tab", visitors.session(workspace))
    board.add([*photos, (tmp_path / "text.jpg", "text.jpg")])
    for index, (path, name) in enumerate(photos):
        board.take_in(index, workspace.add_photo(path, name))
    board.fail(3, "This file cannot be opened.")
    return board


def rows_of(archive: zipfile.ZipFile) -> list[dict]:
    return list(csv.DictReader(io.StringIO(archive.read("gallery.csv").decode("utf-8-sig"))))


def test_an_archive_keeps_names_and_tells_of_errors(result, tmp_path):
    from pix2pix import save_result

    save_result(result, tmp_path / "x.png")
    names = ("beach.jpg", "beach.png", "BEACH.webp", "été, “2026”.heic")
    entries = [ArchivedPhoto(name, result.request, tmp_path / "x.png") for name in names]
    write_archive([*entries, ArchivedPhoto("bad.jpg", None, None, "It is empty, sadly.")], tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        expected = ["beach.png", "beach-2.png", "BEACH-3.png", "été, “2026”.png"]
        assert archive.namelist() == [*expected, "gallery.csv"]
        assert all(read_receipt(archive.read(name)) == result.request for name in expected)
        rows = rows_of(archive)
    assert [row["photo"] for row in rows] == [*names, "bad.jpg"]
    assert [row["result"] for row in rows] == [*expected, ""]
    assert rows[0]["instruction"] == "make it snowy"
    assert rows[0]["seed"] == "4"
    assert rows[4]["error"] == "It is empty, sadly."
    assert rows[4]["seed"] == ""


@pytest.mark.parametrize("number", [1, 3, 100])
def test_a_contact_sheet_shows_originals_and_results(number):
    red, blue = Image.new("RGB", (60, 40), "red"), Image.new("RGB", (40, 60), "blue")
    sheet = contact_sheet([Pair(f"photo {k}.png", red, blue) for k in range(number)], "make it blue")
    colours = {colour: count for count, colour in sheet.getcolors(2**24)}
    assert colours[(255, 0, 0)] >= number * 60 * 40
    assert colours[(0, 0, 255)] >= number * 40 * 60
    assert sheet.width * sheet.height < 12_000_000 * max(1, number / 20)


def test_a_contact_sheet_without_a_result_and_with_a_long_name():
    pairs = [Pair("x" * 500, Image.new("RGB", (9, 9)), None), Pair("", None, None)]
    assert contact_sheet(pairs, "y " * 500).width >= 2 * SIDE


def test_a_board_asks_only_for_what_is_not_done(board, result):
    board.ask(REQUEST, vary_seed=False)
    assert board.to_do == [0, 1, 2]  # what cannot be opened is not tried again
    board.finish(0, Outcome(0, None, result))
    board.finish(1, Outcome(1, None, error=InvalidImage("No.")))
    assert [card.state for card in board.cards] == [DONE, FAILED, WAITING, FAILED]
    board.ask(REQUEST, vary_seed=False)
    assert board.to_do == [2]
    board.ask_failed(REQUEST, vary_seed=False)
    assert board.to_do == [1, 2, 3]
    board.ask(EditRequest("make it night", seed=4), vary_seed=False)
    assert board.to_do == [0, 1, 2, 3]


def test_photos_that_come_later_take_the_seed_of_their_place(board):
    board.ask(REQUEST, vary_seed=True)
    board.add([(board.cards[0].photo, "late.png")])
    board.ask(REQUEST, vary_seed=True)
    assert [card.wanted and card.wanted.seed for card in board.cards] == [4, 5, 6, None, 8]


def test_stopping_keeps_what_is_done_and_goes_on_later(board, result):
    board.ask(REQUEST, vary_seed=False)
    board.finish(0, Outcome(0, None, result))
    board.stop()
    assert (board.to_do, board.running) == ([], False)
    assert [card.state for card in board.cards] == [DONE, WAITING, WAITING, FAILED]
    board.ask(REQUEST, vary_seed=False)
    assert board.to_do == [1, 2]


def test_a_result_is_not_lost_when_another_try_fails(board, result):
    board.ask(REQUEST, vary_seed=False)
    board.finish(0, Outcome(0, None, result))
    board.ask_one(0, EditRequest("make it night", seed=1))
    board.finish(0, Outcome(0, None, error=InvalidImage("No.")))
    card = board.cards[0]
    assert (card.state, card.request) == (DONE, result.request)
    assert card.sentence.endswith("No.")
    assert read_receipt(card.file) == result.request


def test_an_outcome_for_what_is_no_longer_asked_is_noticed(board):
    board.ask(REQUEST, vary_seed=False)
    asked = board.cards[0].wanted
    assert board.waits_for(0, asked)
    board.ask_one(0, EditRequest("make it night", seed=1))
    assert not board.waits_for(0, asked)
    board.clear()
    assert not board.waits_for(0, asked)


def test_a_board_has_room_for_a_hundred(board):
    indices, left_out = board.add([(board.cards[0].photo, "more.png")] * 100)
    assert (indices, left_out) == (list(range(4, 100)), 4)


def test_clearing_deletes_the_results(board, result):
    board.ask(REQUEST, vary_seed=False)
    board.finish(0, Outcome(0, None, result))
    photo, file = board.cards[0].photo, board.cards[0].file
    assert file.exists()
    board.clear()
    assert board.cards == []
    assert not file.parent.exists()
    assert photo.exists()


def test_a_card_says_that_nothing_was_changed(board, result):
    board.ask(REQUEST, vary_seed=False)
    board.finish(0, Outcome(0, None, replace(result, unchanged=True)))
    assert (board.cards[0].state, board.cards[0].sentence) == (DONE, "Nothing was changed; try other words.")
    assert "Nothing was changed" in cards.draw_cards(board)


def test_names_cannot_break_out_of_the_page(board):
    board.update(0, name='<img src=x onerror="alert(1)">', before='a" onload="alert(1).jpeg')
    drawn = cards.draw_cards(board)
    assert "<img src=x" not in drawn
    assert 'onload="' not in drawn


def test_the_bar_counts(board, result, monkeypatch):
    assert "<b>0 of 4</b> photos done · 1 failed" in re.sub("</?span[^>]*>", "", cards.draw_bar(board))
    board.ask(REQUEST, vary_seed=False)
    board.finish(0, Outcome(0, None, result))
    assert "<b>1 of 4</b>" in cards.draw_bar(board)
    assert "working" in cards.draw_bar(board)


def test_a_gallery_of_a_session_reads_the_instruction_once(tiny_editor, board):
    calls = []
    tiny_editor.pipeline.text_encoder.register_forward_pre_hook(lambda *_: calls.append(1))
    assert isinstance(board.session, EditSession)
    for index in range(3):
        list(tiny_editor.edit_gallery([board.cards[index].photo], REQUEST, session=board.session))
    assert calls == [1]


@pytest.mark.parametrize("name", [".", "/", "..", "a\0b", "x" * 70_000, "\ud800.png", "caf\udce9.png", "con", ""])
def test_no_name_keeps_an_archive_from_being_written(scene, tmp_path, name):
    scene.save(tmp_path / "x.png")
    write_archive([ArchivedPhoto(name, None, tmp_path / "x.png") for _ in range(2)], tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        *names, table = archive.namelist()
        assert table == "gallery.csv"
        assert len(set(names)) == 2
        assert all(0 < len(one.encode()) <= 255 and not set(one) & set('/\\\0<>:"|?*') for one in names)
        assert [row["result"] for row in rows_of(archive)] == names


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_a_spreadsheet_runs_nothing_of_a_table(tmp_path, text):
    request = EditRequest(text, 2, 3.0, 1.5, 4, 32) if text.strip() == text else None
    write_archive([ArchivedPhoto(text, request, None, text)], tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        (row,) = rows_of(archive)
    for column in ("photo", "error", *(["instruction"] if request else [])):
        assert row[column].startswith("'")


@pytest.mark.parametrize("text", ["été", "e\u0301", "Ωμέγα", "Жёлтый", "Zażółć", "“…”", "ş", "\udce9"])
def test_a_sheet_draws_letters_and_never_boxes(text):
    font, line = fitting_font(text, 15)
    assert all(fonts._has(font, letter) for letter in line)
    if len(fonts._fonts(15)) > 1 and text != "\udce9":  # some font of this machine
        assert line == unicodedata.normalize("NFC", text)


def test_a_machine_without_fonts_draws_plain_letters(monkeypatch):
    monkeypatch.setattr(fonts, "NAMES", ())
    fonts._fonts.cache_clear()
    try:
        assert fitting_font("été, Ω", 15)[1] == "ete, ?"
    finally:
        fonts._fonts.cache_clear()
