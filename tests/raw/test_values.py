"""Holding rows to the contract, and reading whole files in chunks, in every form."""

import datetime as dt
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests import tiny
from tests.damage import damage, damages

from hm_kedro.errors import HmKedroError
from hm_kedro.raw import files
from hm_kedro.raw.values import arrow_schema, read_checked
from hm_kedro.schemas import RAW

CUSTOMER, ARTICLE = "0" * 60 + "beef", "0108775015"
HEADER = "t_dat,customer_id,article_id,price,sales_channel_id\n"
ON_DISK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path: Path, table: str, chunk_bytes: int = files.CHUNK_BYTES) -> list[dict]:
    """Read a file, whatever its form, and resolve the lines of its rows as the pipeline does."""
    plan = files.plan(files.find(str(path)), RAW[table], chunk_bytes)
    batches = [batch for number, chunk in enumerate(plan) for batch in read_checked(chunk, number, RAW[table])]
    rows = pa.Table.from_batches(batches, arrow_schema(RAW[table])).to_pylist()
    before, total = {}, {}
    for row in rows:
        if row["file"] is not None:
            before[row["chunk"]] = total.get(row["file"], 0), row["file"]
            total[row["file"]] = total.get(row["file"], 0) + row["chunk_lines"]
    for row in rows:
        lines, row["file"] = before[row["chunk"]]
        row["line"] += lines
    return sorted(rows, key=lambda row: (row["chunk"], row["line"]))


@pytest.fixture
def one(tmp_path):
    """Read one line of transactions."""

    def read_line(line: str) -> dict:
        (tmp_path / "transactions_train.csv").write_text(HEADER + line + "\n")
        (row,) = read(tmp_path / "transactions_train", "transactions_train")
        return row

    return read_line


def test_a_sound_row_is_typed(one):
    row = one(f"2020-09-16,{CUSTOMER},{ARTICLE},0.5,2")
    del row["chunk"], row["chunk_lines"]
    assert row == {
        "t_dat": dt.date(2020, 9, 16),
        "customer_id": CUSTOMER,
        "article_id": ARTICLE,
        "price": 0.5,
        "sales_channel_id": 2,
        "rule": None,
        "column": None,
        "value": None,
        "file": "transactions_train.csv",
        "line": 2,
    }


def test_price_and_channel_may_be_missing(one):
    row = one(f"2020-09-16,{CUSTOMER},{ARTICLE},,")
    assert (row["price"], row["sales_channel_id"], row["rule"]) == (None, None, None)


@pytest.mark.parametrize(
    ("place", "column", "value", "rule"),
    [
        (0, "t_dat", "", "missing"),
        (0, "t_dat", "2020-13-01", "unreadable"),
        (0, "t_dat", "2020-02-30", "unreadable"),
        (0, "t_dat", "2020-9-16", "unreadable"),
        (0, "t_dat", "20200916", "unreadable"),
        (0, "t_dat", " 2020-09-16", "unreadable"),
        (0, "t_dat", "1999-12-31", "out_of_range"),
        (0, "t_dat", "2030-01-01", "out_of_range"),
        (1, "customer_id", "", "missing"),
        (2, "article_id", "", "missing"),
        (3, "price", "-0.5", "out_of_range"),
        (3, "price", "free", "unreadable"),
        (3, "price", "nan", "unreadable"),
        (3, "price", "inf", "unreadable"),
        (3, "price", "1e999", "unreadable"),
        (3, "price", "1e300", "out_of_range"),
        (3, "price", "0x1A", "unreadable"),
        (3, "price", "1_0", "unreadable"),
        (4, "sales_channel_id", "3", "out_of_range"),
        (4, "sales_channel_id", "300", "out_of_range"),
        (4, "sales_channel_id", "1.5", "unreadable"),
    ],
)
def test_a_value_against_the_contract_is_named_with_column_and_rule(one, place, column, value, rule):
    fields = ["2020-09-16", CUSTOMER, ARTICLE, "0.5", "2"]
    fields[place] = value
    row = one(",".join(fields))
    assert (row["column"], row["rule"], row["value"]) == (column, rule, value or None)


@pytest.mark.parametrize("channel", ["2", "2.0", "+2", "2e0"])
def test_a_whole_number_may_be_written_as_a_float_as_pandas_does(one, channel):
    row = one(f"2020-09-16,{CUSTOMER},{ARTICLE},0.5,{channel}")
    assert (row["sales_channel_id"], row["rule"]) == (2, None)


def test_of_several_faults_the_first_is_named(one):
    row = one(f"never,{CUSTOMER},,free,2")
    assert (row["column"], row["rule"]) == ("t_dat", "unreadable")


@pytest.mark.parametrize("bad", ["", "0" * 63, "0" * 65, "g" * 64, "A" * 64, "0" * 63 + "é"])
def test_a_customer_needs_an_id_of_64_hex_digits(tmp_path, bad):
    columns = [column.name for column in RAW["customers"].columns]
    text = ",".join(columns) + "\n" + f"{bad},,,,,30,x\n{CUSTOMER},1.0,,ACTIVE,,,\n"
    (tmp_path / "customers.csv").write_text(text)
    first, second = read(tmp_path / "customers", "customers")
    assert (first["column"], first["rule"]) == ("customer_id", "malformed" if bad else "missing")
    assert (second["FN"], second["Active"], second["age"], second["rule"]) == (1.0, None, None, None)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Tiny files, as CSV."""
    return tiny.write_raw(tmp_path_factory.mktemp("raw"), tiny.make_transactions())


def bare(rows: list[dict]) -> list[dict]:
    """Rows without their place."""
    place = ("file", "chunk", "line", "chunk_lines")
    return [{name: value for name, value in row.items() if name not in place} for row in rows]


@pytest.mark.parametrize("table", list(RAW))
def test_every_form_of_a_file_is_read_alike(sound, tmp_path, table):
    plain = read(sound / table, table)
    content = (sound / f"{table}.csv").read_bytes()
    (tmp_path / f"{table}.csv.gz").write_bytes(gzip.compress(content))
    assert bare(read(tmp_path / table, table)) == bare(plain)
    (tmp_path / f"{table}.csv.gz").unlink()
    # Types as pandas or Spark would give them: ids of digits as numbers, days as days.
    typed = arrow_csv.read_csv(
        pa.py_buffer(content),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(column_types={"postal_code": pa.string()}),
    )
    pq.write_table(typed, tmp_path / f"{table}.parquet", row_group_size=50)
    assert bare(read(tmp_path / table, table)) == bare(plain)
    (tmp_path / f"{table}.parquet").unlink()
    (tmp_path / f"{table}.csv").mkdir()
    (tmp_path / f"{table}.csv/part-0.csv").write_bytes(content)
    (tmp_path / f"{table}.csv/part-1.csv.gz").write_bytes(gzip.compress(content))
    parts = read(tmp_path / table, table)
    assert bare(parts) == bare(plain) * 2
    assert {row["file"] for row in parts} == {f"{table}.csv/part-0.csv", f"{table}.csv/part-1.csv.gz"}


@ON_DISK
@given(st.sampled_from([80, 150, 321, 1000, 3000, 1 << 20]))
def test_the_size_of_chunks_changes_neither_rows_nor_lines(sound, chunk_bytes):
    table = "transactions_train"
    whole, parted = read(sound / table, table), read(sound / table, table, chunk_bytes)
    assert bare(parted) == bare(whole)
    assert [row["line"] for row in parted] == [row["line"] for row in whole]


def test_a_byte_order_mark_is_no_part_of_the_header(sound, tmp_path):
    content = (sound / "transactions_train.csv").read_bytes()
    (tmp_path / "transactions_train.csv").write_bytes(b"\xef\xbb\xbf" + content)
    assert len(read(tmp_path / "transactions_train", "transactions_train")) == content.count(b"\n") - 1


@pytest.mark.parametrize("end", ["csv.gz", "parquet"])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_whose_rows_cannot_be_told_apart_is_refused(sound, tmp_path, end, damage):
    content = (sound / "transactions_train.csv").read_bytes()
    path = tmp_path / f"transactions_train.{end}"
    if end == "csv.gz":
        path.write_bytes(gzip.compress(content))
    else:
        pq.write_table(arrow_csv.read_csv(pa.py_buffer(content)), path)
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(data[:half] + (b"" if damage == "cut" else b"\0" * 40 + data[half + 40 :]))
    with pytest.raises(
        HmKedroError, match=rf"transactions_train\.{end}' (is damaged|can't be read) .*: get the file anew"
    ):
        read(tmp_path / "transactions_train", "transactions_train")


@ON_DISK
@given(damages(12))
def test_however_lines_are_damaged_each_is_kept_or_rejected(sound, tmp_path, faults):
    content = damage((sound / "transactions_train.csv").read_bytes(), faults)
    # A chunk of nothing but empty lines has no row to tell how many they are (docs/data_processing.md).
    assume(b"\n" * 300 not in content)
    (tmp_path / "transactions_train.csv").write_bytes(content)
    rows = read(tmp_path / "transactions_train", "transactions_train", 700)
    lines = content.split(b"\n")
    full = [place for place, line in enumerate(lines, 1) if line.removesuffix(b"\r") and place > 1]
    assert sorted(row["line"] for row in rows) == full
    before = (sound / "transactions_train.csv").read_bytes().split(b"\n")
    untouched = set(before[1:])
    for row in rows:
        if row["rule"] is not None:
            assert lines[row["line"] - 1] not in untouched, row


@ON_DISK
@given(damages(12))
def test_however_articles_are_damaged_reading_ends_and_a_fault_costs_few(sound, tmp_path, faults):
    content = damage((sound / "articles.csv").read_bytes(), faults)
    (tmp_path / "articles.csv").write_bytes(content)
    rows = read(tmp_path / "articles", "articles")
    assert len({row["line"] for row in rows}) == len(rows)
    kept = {row["article_id"] for row in rows if row["rule"] is None}
    whole = {row["article_id"] for row in read(sound / "articles", "articles")}
    # A fault costs the row that it hits; where it hits a quote or a line end, those beside it.
    assert len(whole - kept) <= 3 * len(faults)
