"""A stream of Arrow batches as one file."""

import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq
import pytest

from hm_kedro.datasets import ParquetBatches

SCHEMA = pa.schema([("line", pa.int64()), ("customer_id", pa.string())])


def batch(*lines: tuple[int, str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([dict(zip(SCHEMA.names, line, strict=True)) for line in lines], schema=SCHEMA)


@pytest.fixture
def parquet(tmp_path):
    return ParquetBatches(filepath=str(tmp_path / "made" / "lines.parquet"))


def test_batches_are_written_to_one_file_in_their_order(parquet, tmp_path):
    parquet.save(pa.RecordBatchReader.from_batches(SCHEMA, [batch((0, "b"), (1, "a")), batch((2, "c"))]))
    assert parquet.load().to_table().to_pylist() == [
        {"line": 0, "customer_id": "b"},
        {"line": 1, "customer_id": "a"},
        {"line": 2, "customer_id": "c"},
    ]
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["lines.parquet"]


def test_a_stream_without_batches_keeps_its_schema(parquet):
    parquet.save(pa.RecordBatchReader.from_batches(SCHEMA, []))
    assert parquet.load().to_table() == SCHEMA.empty_table()


def test_batches_are_taken_as_they_come(parquet):
    taken = []

    def batches():
        for number in range(3):
            taken.append(number)
            yield batch((number, "a"))

    reader = pa.RecordBatchReader.from_batches(SCHEMA, batches())
    assert taken == []
    parquet.save(reader)
    assert taken == [0, 1, 2]


def test_a_file_exists_once_it_is_saved(parquet):
    assert not parquet.exists()
    parquet.save(pa.RecordBatchReader.from_batches(SCHEMA, []))
    assert parquet.exists()


def test_batches_are_row_groups_and_read_by_what_they_hold(tmp_path):
    dataset = ParquetBatches(filepath=str(tmp_path / "made" / "lines.parquet"))
    schema = pa.schema([("week", pa.int16()), ("article", pa.int32())])
    weeks = {0: 1, 3: 2, 6: 1}
    rows = [{"week": [week] * 3, "article": [first, first + 1, first + 2]} for first, week in weeks.items()]
    batches = [pa.RecordBatch.from_pydict(row, schema) for row in rows]
    dataset.save(pa.RecordBatchReader.from_batches(schema, iter(batches)))
    assert pq.ParquetFile(tmp_path / "made" / "lines.parquet").num_row_groups == 3
    found = dataset.load().to_table(filter=arrow_dataset.field("week") == 1)
    assert found.column("article").to_pylist() == [0, 1, 2, 6, 7, 8]
