"""One edit at a time: others wait, and who would wait for themselves are told."""

import asyncio
import contextvars
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from pix2pix import EditFailed, Editor, EditRequest, Outcome, PhotoStep, Result, Step
from pix2pix.editing.one_at_a_time import OneAtATime

REQUEST = EditRequest("make it snowy", num_inference_steps=3, seed=4)


@pytest.fixture
def within_seconds():
    """``within_seconds(call)``: what ``call()`` returns or raises; a test that hangs fails instead."""

    def call(function, *arguments):
        with_context = contextvars.copy_context().run
        pool = ThreadPoolExecutor(1)
        try:
            return pool.submit(with_context, function, *arguments).result(timeout=30)
        finally:
            pool.shutdown(wait=False)

    return call


def test_editing_inside_ones_own_stream_is_one_sentence(tiny_editor, scene, within_seconds):
    def inside():
        for _ in tiny_editor.stream(scene, REQUEST):
            tiny_editor.edit(scene, REQUEST)

    with pytest.raises(EditFailed, match=r"finish or close .*\.$"):
        within_seconds(inside)
    assert isinstance(tiny_editor.edit(scene, REQUEST), Result)


def test_a_gallery_inside_ones_own_stream_and_the_other_way_round(tiny_editor, scene, within_seconds):
    def gallery_inside():
        with closing(tiny_editor.stream(scene, REQUEST)) as stream:
            next(stream)
            return list(tiny_editor.edit_gallery([scene], REQUEST))

    def inside_a_gallery():
        for event in tiny_editor.stream_gallery([scene] * 2, REQUEST):
            if isinstance(event, PhotoStep):
                tiny_editor.edit(scene, REQUEST)

    (outcome,) = within_seconds(gallery_inside)
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.error, EditFailed)
    with pytest.raises(EditFailed):
        within_seconds(inside_a_gallery)


def test_the_stream_goes_on_after_such_a_mistake(tiny_editor, scene, within_seconds):
    def mistaken():
        stream = tiny_editor.stream(scene, REQUEST)
        next(stream)
        with pytest.raises(EditFailed):
            tiny_editor.edit(scene, REQUEST)
        return list(stream)

    assert isinstance(within_seconds(mistaken)[-1], Result)


def test_streams_of_two_editors_inside_each_other(tiny_editor, scene, within_seconds):
    other = Editor(tiny_editor.pipeline, tiny_editor.checkpoint)

    def both():
        outer, inner = tiny_editor.stream(scene, REQUEST), other.stream(scene, REQUEST)
        next(outer)
        next(inner)
        with pytest.raises(EditFailed):
            tiny_editor.edit(scene, REQUEST)
        return [list(stream)[-1] for stream in (inner, outer)]

    assert all(isinstance(result, Result) for result in within_seconds(both))


def test_after_a_stream_was_closed_or_let_go_the_next_edit_begins(tiny_editor, scene, within_seconds):
    def closed():
        stream = tiny_editor.stream(scene, REQUEST)
        next(stream)
        stream.close()
        stream = tiny_editor.stream(scene, REQUEST)
        next(stream)
        del stream
        return tiny_editor.edit(scene, REQUEST)

    assert isinstance(within_seconds(closed), Result)


def test_a_stream_may_go_on_in_another_thread(tiny_editor, scene, within_seconds):
    def handed_over():
        stream, rest = tiny_editor.stream(scene, REQUEST), []
        next(stream)
        thread = threading.Thread(target=lambda: rest.extend(stream))
        thread.start()
        mine = tiny_editor.edit(scene, REQUEST)
        thread.join()
        return mine, rest[-1]

    assert all(isinstance(result, Result) for result in within_seconds(handed_over))


def test_visitors_whose_streams_share_a_server_thread_wait_for_each_other(tiny_editor, scene):
    """Each call in a context of its own, as web servers do it; the second visitor waits in the first one's thread."""
    one, other = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    def call(pool, function, *arguments):
        return pool.submit(contextvars.copy_context().run, function, *arguments)

    stream = tiny_editor.stream(scene, REQUEST)
    assert isinstance(call(one, next, stream).result(timeout=30), Step)
    second = call(one, tiny_editor.edit, scene, REQUEST)
    with pytest.raises(TimeoutError):
        second.result(timeout=1.5)
    assert isinstance(call(other, list, stream).result(timeout=30)[-1], Result)
    assert isinstance(second.result(timeout=30), Result)


def test_a_thread_that_was_given_the_context_waits_too(tiny_editor, scene):
    async def both():
        stream = tiny_editor.stream(scene, REQUEST)
        next(stream)
        second = asyncio.create_task(asyncio.to_thread(tiny_editor.edit, scene, REQUEST))
        await asyncio.sleep(1.5)
        assert not second.done()
        return list(stream)[-1], await second

    assert all(isinstance(result, Result) for result in asyncio.run(both()))


def test_turns_are_taken_in_the_order_of_coming():
    """Also by whoever lets go and comes again at once, as a gallery does between two photos."""
    turns, editor = [], OneAtATime()

    def edit(name):
        turns.append(name)
        yield

    for number in range(20):
        gallery = editor.run(edit(f"photo {number}"))
        next(gallery)
        with ThreadPoolExecutor(1) as thread:
            other = thread.submit(list, editor.run(edit(f"edit {number}")))
            while len(editor._line._places) < 2:
                time.sleep(0.001)
            gallery.close()
            list(editor.run(edit(f"next photo {number}")))
            other.result(timeout=30)
    assert turns == [f"{name} {number}" for number in range(20) for name in ("photo", "edit", "next photo")]
