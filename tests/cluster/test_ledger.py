"""What the workers know of each other."""

from pix2pix.cluster.ledger import Ledger, Progress


def test_a_photo_that_was_begun_and_never_ended_is_remembered():
    ledger = Ledger()
    assert ledger.open(["a", "b", "c"]) == (0, [0, 0, 0])
    ledger.begin("a")
    ledger.end("a", "a", failed=False)
    ledger.begin("b")
    assert ledger.open(["a", "b", "c"]) == (1, [0, 1, 0])
    ledger.begin("b")
    assert ledger.open(["a", "b", "c"]) == (2, [0, 2, 0])


def test_a_batch_that_is_done_again_counts_once():
    ledger = Ledger()
    ledger.found(3)
    for _ in range(2):
        ledger.open(["a", "b", "c"])
        ledger.end("a", "a", failed=False)
        ledger.end("a", "b", failed=True)
    assert ledger.progress() == Progress(listed=3, done=2, failed=1)
