"""Files as streams of Arrow batches."""

import gzip

import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError

from hm_kedro.datasets import CsvStream, ParquetBatches, ParquetStream


@pytest.fixture
def stream(tmp_path):
    return CsvStream(path=str(tmp_path), files=["sample_submission.csv", "customers.csv"], columns=["customer_id"])


def ids(stream: CsvStream) -> list[str]:
    return stream.load().read_all()["customer_id"].to_pylist()


def test_the_first_file_is_read_where_both_are_there(stream, tmp_path):
    (tmp_path / "sample_submission.csv").write_text("customer_id,prediction\nb,0108775015\na,\n")
    (tmp_path / "customers.csv").write_text("customer_id,age\nc,49.0\n")
    assert ids(stream) == ["b", "a"]


def test_the_second_file_is_read_where_the_first_is_missing(stream, tmp_path):
    (tmp_path / "customers.csv").write_text("customer_id,age\nc,49.0\na,\n")
    assert ids(stream) == ["c", "a"]


def test_the_gzipped_first_file_comes_before_the_second(stream, tmp_path):
    (tmp_path / "sample_submission.csv.gz").write_bytes(gzip.compress(b"customer_id,prediction\nb,\n"))
    (tmp_path / "customers.csv").write_text("customer_id,age\nc,49.0\n")
    assert ids(stream) == ["b"]


def test_the_order_of_the_file_is_kept_over_many_batches(stream, tmp_path):
    expected = [f"{(number * 7919) % 100_003:064x}" for number in range(40_000)]
    (tmp_path / "customers.csv").write_text("customer_id\n" + "\n".join(expected) + "\n")
    batches = list(stream.load())
    assert len(batches) > 1
    assert [customer for batch in batches for customer in batch["customer_id"].to_pylist()] == expected


def test_ids_of_digits_stay_text(stream, tmp_path):
    (tmp_path / "customers.csv").write_text("customer_id\n0012\n")
    assert ids(stream) == ["0012"]


def test_only_the_columns_asked_for_are_read(stream, tmp_path):
    (tmp_path / "customers.csv").write_text("age,customer_id,postal_code\n49.0,a,x\n")
    assert stream.load().schema == pa.schema([("customer_id", pa.string())])


def test_a_missing_column_is_named_in_one_line(stream, tmp_path, refusal):
    (tmp_path / "customers.csv").write_text("customer,age\na,49.0\n")
    assert refusal(stream.load) == f"'{tmp_path}/customers.csv' can't be read: it needs the columns customer_id"


def test_an_empty_file_is_named_in_one_line(stream, tmp_path, refusal):
    (tmp_path / "customers.csv").touch()
    assert refusal(stream.load) == f"'{tmp_path}/customers.csv' can't be read: it needs the columns customer_id"


def test_no_file_at_all_names_the_last_one_and_the_remedy(stream, tmp_path, refusal):
    line = refusal(stream.load)
    assert line.startswith(f"'{tmp_path}/customers.csv' is not there")
    assert line.endswith("`--params raw_dir=FOLDER`")


@pytest.mark.parametrize(
    ("name", "exists"), [("sample_submission.csv.gz", True), ("customers.csv", True), ("articles.csv", False)]
)
def test_a_stream_exists_where_one_of_its_files_does(stream, tmp_path, name, exists):
    (tmp_path / name).touch()
    assert stream.exists() is exists


def test_raw_files_are_never_written(stream, tmp_path):
    with pytest.raises(DatasetError, match="read only"):
        stream.save("lines")
    assert list(tmp_path.iterdir()) == []


SCHEMA = pa.schema([("line", pa.int64()), ("customer_id", pa.string())])


def batch(*lines: tuple[int, str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([dict(zip(SCHEMA.names, line, strict=True)) for line in lines], schema=SCHEMA)


@pytest.fixture
def parquet(tmp_path):
    return ParquetStream(filepath=str(tmp_path / "made" / "lines.parquet"))


def test_batches_are_written_to_one_file_in_their_order(parquet, tmp_path):
    parquet.save(pa.RecordBatchReader.from_batches(SCHEMA, [batch((0, "b"), (1, "a")), batch((2, "c"))]))
    assert parquet.load().read_all().to_pylist() == [
        {"line": 0, "customer_id": "b"},
        {"line": 1, "customer_id": "a"},
        {"line": 2, "customer_id": "c"},
    ]
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["lines.parquet"]


def test_a_stream_without_batches_keeps_its_schema(parquet):
    parquet.save(pa.RecordBatchReader.from_batches(SCHEMA, []))
    assert parquet.load().read_all() == SCHEMA.empty_table()


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


def test_a_parquet_stream_exists_once_it_is_saved(parquet):
    assert not parquet.exists()
    parquet.save(pa.RecordBatchReader.from_batches(SCHEMA, []))
    assert parquet.exists()


def test_parts_in_a_folder_are_read_one_after_the_other(stream, tmp_path):
    folder = tmp_path / "customers.csv"
    folder.mkdir()
    (folder / "part-00000.csv").write_text("customer_id,age\nb,20\na,30\n")
    (folder / "part-00001.csv").write_text("customer_id,age\nd,20\nc,30\n")
    assert ids(stream) == ["b", "a", "d", "c"]


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
