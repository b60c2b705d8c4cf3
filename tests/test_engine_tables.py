"""Rows of this process as a table of the engine under test."""

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
