"""Rows and values of this process on the engine under test."""

import os
import tempfile

import numpy as np
import pyarrow as pa
import pytest

from hm_kedro import engine


@pytest.mark.parametrize("rows", [3, 1_200_000])
def test_rows_of_this_process_become_a_table_however_many(session, rows):
    """1,200,000 such rows, twice, are more than a plan may hold."""
    lists = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(16 * rows) % 1_000, pa.float32()), 16).cast(
        pa.list_(pa.float32())
    )
    table = engine.from_arrow(pa.table({"customer": pa.array(range(rows), pa.int32()), "factors": lists}))
    both = table.unionByName(table.where("customer > 0"))
    assert table.dtypes == [("customer", "int"), ("factors", "array<float>")]
    assert both.count() == 2 * rows - 1
    assert table.where(f"customer = {rows - 1}").first()["factors"][15] == (16 * rows - 1) % 1_000


class Noted:
    """What notes each of its readings by a folder, whose name is what is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return tempfile.mkdtemp, ("", "read-", str(self.folder))


def test_workers_are_given_what_was_shared(session):
    # More than a plan may hold, twice.
    factors = engine.share(np.arange(20_000_000, dtype=np.float64))
    names = engine.share({3: "three"})

    def look_up(batches):
        for batch in batches:
            places = batch.column("place").to_numpy()
            found = [names().get(place) for place in places.tolist()]
            columns = [batch.column("place"), pa.array(factors()[places]), pa.array(found, pa.string())]
            yield pa.RecordBatch.from_arrays(columns, names=["place", "factor", "name"])

    places = session.createDataFrame([(3,), (19_999_999,)], "place int")
    looked_up = places.mapInArrow(look_up, "place int, factor double, name string")
    assert sorted(tuple(row) for row in looked_up.collect()) == [(3, 3.0, "three"), (19_999_999, 19_999_999.0, None)]


def test_a_process_of_the_workers_reads_what_was_shared_once(session, tmp_path):
    give = engine.share(Noted(tmp_path))
    assert list(tmp_path.iterdir()) == []

    def read(batches):
        for batch in batches:
            told = [f"{os.getpid()} {give()}" for _ in range(batch.num_rows)]
            yield pa.RecordBatch.from_arrays([pa.array(told)], names=["told"])

    numbers = session.createDataFrame([(number,) for number in range(50)], "number int").coalesce(1)
    told = [row["told"] for _ in range(3) for row in numbers.mapInArrow(read, "told string").collect()]
    assert len(told) == 150
    assert len(set(told)) == len({line.split()[0] for line in told}) == len(list(tmp_path.iterdir()))


def test_what_was_saved_between_iterations_is_removed(session, tmp_path):
    if not engine.has_spark_ml():
        pytest.skip("the engine has no Spark ML")
    session.sparkContext.setCheckpointDir(str(tmp_path))
    session.range(3).checkpoint()
    assert list(tmp_path.glob("*/rdd-*"))
    engine._remove_checkpoints(session)
    assert list(tmp_path.iterdir()) == []
