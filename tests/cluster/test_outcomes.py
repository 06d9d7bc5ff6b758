"""The table of a collection, from run to run."""

import pyarrow.parquet as pq
import pytest

from pix2pix.cluster.outcomes import Row, as_batch, outcomes
from pix2pix.cluster.store import TABLE, Store
from pix2pix.errors import EditError


def run(folder, *rows):
    with outcomes(Store.at(str(folder))) as table:
        assert list(table.add(as_batch(rows))) == list(rows)
    return {row.pop("source"): row for row in pq.read_table(folder / TABLE).to_pylist()}


def test_a_row_of_an_earlier_run_stays_until_there_is_another(tmp_path):
    made = Row("a", "out/a", None, 1.5, 3, "64 x 64", "receipt of a")
    run(tmp_path, made, Row("b", error="Broken."), Row("c", "out/c", None, 2.5, 3, "32 x 32", "receipt of c"))
    found, other = Row("a", "out/a", seed=3, receipt="receipt of a"), Row("c", "out/c", seed=4, receipt="another")
    rows = run(tmp_path, found, other)
    assert (rows["a"]["seconds"], rows["a"]["canvas"]) == (1.5, "64 x 64")
    assert (rows["c"]["seconds"], rows["c"]["canvas"], rows["c"]["receipt"]) == (None, None, "another")
    assert rows["b"]["error"] == "Broken."
    assert len(rows) == 3


def test_a_run_that_breaks_leaves_a_table(tmp_path):
    def broken_run():
        with outcomes(Store.at(str(tmp_path))) as table:
            list(table.add(as_batch([Row("a", error="Broken.")])))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_run()
    assert pq.read_table(tmp_path / TABLE)["source"].to_pylist() == ["a"]


def test_a_table_that_cannot_be_written_is_told_before_anything_else(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EditError, match="cannot be written"), outcomes(Store.at(str(tmp_path / "file"))):
        raise AssertionError("it went on")
