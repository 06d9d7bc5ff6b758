"""An editor on Ray Serve against the same editor here: one cluster, one replica."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice

import pytest

from pix2pix import EditRequest, EditSession, InvalidImage
from pix2pix.events import Outcome, PhotoStep, Result, Step
from tests.cluster.conftest import replicas
from tests.cluster.fakes import batches

REQUEST = EditRequest("make it night", seed=3, num_inference_steps=3, resolution=32)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """How many edits were in each batch."""
    return tmp_path_factory.mktemp("replica") / "batches"


@pytest.fixture(scope="module")
def remote(cluster, log):
    from ray import serve

    from pix2pix.cluster.replicas.remote import NAME, RemoteEditor
    from pix2pix.cluster.replicas.replica import Arguments, deployed

    serve.start(proxy_location="Disabled")
    logging.getLogger("ray.serve").setLevel(logging.CRITICAL)
    serve.run(deployed(partial(batches, log), Arguments()), name=NAME, route_prefix=None)
    yield RemoteEditor.join("auto")
    serve.shutdown()


def test_it_is_the_editor_that_was_deployed(remote, tiny_editor):
    assert remote.checkpoint == tiny_editor.checkpoint
    assert (remote.note, remote.max_tokens) == (tiny_editor.note, tiny_editor.max_tokens)
    assert remote.count_tokens("make it night") == tiny_editor.count_tokens("make it night")


def test_an_edit_has_its_steps_its_result_and_its_place_in_the_history(remote, tiny_editor, photos):
    session = EditSession()
    events = list(remote.stream(photos[0], REQUEST, session=session))
    assert [type(event) for event in events] == [Step, Step, Step, Result]
    assert [event.index for event in events[:3]] == [1, 2, 3]
    here, there = tiny_editor.edit(photos[0], REQUEST), events[-1]
    assert there.image.tobytes() == here.image.tobytes()
    assert (there.source, there.origin, there.request) == (here.source, here.origin, here.request)
    assert session.history == (there,)


def test_a_gallery_keeps_its_order_and_its_failures(remote, tiny_editor, photos, tmp_path):
    files, request = [photos[0], tmp_path / "gone.png", b"no photo", photos[1]], replace(REQUEST, seed=5)
    events = list(remote.stream_gallery(files, [request] * 4))
    outcomes = [event for event in events if isinstance(event, Outcome)]
    assert [one.index for one in outcomes] == [0, 1, 2, 3]
    assert [one.error is None for one in outcomes] == [True, False, False, True]
    assert [str(one.error).endswith(".") for one in outcomes[1:3]] == [True, True]
    assert {event.index for event in events if isinstance(event, PhotoStep)} == {0, 3}
    assert outcomes[3].result.image.tobytes() == tiny_editor.edit(photos[1], request).image.tobytes()


def test_variants_differ_by_their_requests(remote, photos):
    events = remote.edit_variants(photos[0], islice(replace(REQUEST, seed=7).numbered(), 2))
    first, second = (event.result for event in events if isinstance(event, Outcome))
    assert (first.request.seed, second.request.seed) == (7, 8)
    assert first.image.tobytes() != second.image.tobytes()


def test_a_mask_and_an_explanation_travel(remote, tiny_editor, photos, tmp_path):
    from PIL import Image

    with Image.open(photos[0]) as photo:
        Image.new("L", photo.size, 255).save(tmp_path / "mask.png")
    here = tiny_editor.edit(photos[0], REQUEST, mask=tmp_path / "mask.png")
    there = list(remote.stream(photos[0], REQUEST, mask=tmp_path / "mask.png"))[-1]
    assert (there.mask, there.image.tobytes()) == (here.mask, here.image.tobytes())
    known, told = tiny_editor.explain(photos[0], REQUEST), remote.explain(photos[0], REQUEST)
    assert told.relevance.tobytes() == known.relevance.tobytes()
    assert [word for word, _ in told.words] == [word for word, _ in known.words]
    with pytest.raises(InvalidImage):
        remote.explain(b"no photo", REQUEST)


def test_whoever_asks_why_waits_for_what_is_drawn(remote, photos):
    stream = remote.stream(photos[0], replace(REQUEST, seed=13, num_inference_steps=20))
    next(stream)
    assert remote.explain(photos[1], REQUEST).relevance.size
    assert isinstance(list(stream)[-1], Result)


def test_what_comes_while_a_batch_is_drawn_makes_the_next_one(remote, photos, log):
    log.unlink(missing_ok=True)
    request = replace(REQUEST, num_inference_steps=20)
    with ThreadPoolExecutor(5) as visitors:
        first = visitors.submit(list, remote.stream(photos[0], request))
        time.sleep(0.5)
        others = [visitors.submit(list, remote.stream(photo, request)) for photo in [photos[0], photos[1]] * 2]
        endings = [one.result()[-1] for one in [first, *others]]
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["1", "4"]
    assert len({ending.image.tobytes() for ending in endings}) == 2


def test_whoever_leaves_lets_the_next_one_in(remote, photos, log):
    log.unlink(missing_ok=True)
    stream = remote.stream(photos[0], replace(REQUEST, num_inference_steps=150))
    next(stream)
    assert not remote.is_idle
    stream.close()
    assert remote.is_idle
    assert isinstance(list(remote.stream(photos[0], replace(REQUEST, seed=11)))[-1], Result)
    assert int(log.read_text().split()[1]) < 100


def test_a_replica_that_dies_costs_its_edit_only_time(remote, photos):
    stream = remote.stream(photos[0], replace(REQUEST, num_inference_steps=100))
    first = next(stream)
    (replica,) = replicas()
    replica.kill()
    indices = [event.index for event in stream if isinstance(event, Step)]
    assert first.index == 1
    assert indices[-100:] == list(range(1, 101))


def test_without_a_deployment_there_is_one_sentence_and_the_log_says_why(cluster, monkeypatch, caplog):
    from pix2pix import CheckpointError
    from pix2pix.cluster.replicas import remote as room

    monkeypatch.setattr(room, "NAME", "nobody")
    with pytest.raises(CheckpointError, match=f"^{room.OUT_OF_REACH}$"):
        room.RemoteEditor.join("auto")
    assert room.NOT_DEPLOYED in caplog.text
