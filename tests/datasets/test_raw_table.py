"""Kaggle's files as tables of the engine under test; tests/raw has what happens to their rows."""

import gzip
import logging

import pytest
from kedro.io import DatasetError
from pyspark.errors import PySparkException
from tests import tiny
from tests.conftest import day, rows

from hm_kedro.datasets import RawTable
from hm_kedro.errors import one_line
from hm_kedro.raw.values import PLACE
from hm_kedro.schemas import RAW

HEADER = "t_dat,customer_id,article_id,price,sales_channel_id"
LINES = f"{HEADER}\n2018-09-20,000058a1,0663713001,0.5,2\n2018-09-20,000058a1,0541518023,,1\n"
ROWS = [
    (day("2018-09-20"), "000058a1", "0541518023", None, 1),
    (day("2018-09-20"), "000058a1", "0663713001", 0.5, 2),
]


def raw_table(folder, *names: str, table: str = "transactions_train") -> RawTable:
    return RawTable(path=str(folder), names=list(names or [table]), table=table)


@pytest.fixture
def read(session, tmp_path):
    """Read text as transactions, without the place of rows."""

    def read_text(text: str):
        (tmp_path / "transactions_train.csv").write_text(text)
        return raw_table(tmp_path).load().drop(*PLACE)

    return read_text


@pytest.fixture
def no_engine(monkeypatch):
    def refuse():
        raise AssertionError("an engine was asked for")

    monkeypatch.setattr("hm_kedro.engine.session", refuse)


def test_a_table_has_the_columns_and_types_of_the_contract(session, tmp_path):
    (tmp_path / "transactions_train.csv").write_text(LINES)
    table = raw_table(tmp_path).load()
    assert table.dtypes == [
        ("t_dat", "date"),
        ("customer_id", "string"),
        ("article_id", "string"),
        ("price", "float"),
        ("sales_channel_id", "tinyint"),
        *PLACE.items(),
    ]
    assert rows(table.drop(*PLACE)) == ROWS
    assert rows(table, "rule", "file", "chunk", "line", "chunk_lines") == [
        (None, "transactions_train.csv", 0, 2, 3),
        (None, None, 0, 3, None),
    ]


@pytest.mark.parametrize("table", list(RAW))
def test_every_file_is_read_whole(session, tmp_path, table):
    raw = tiny.write_raw(tmp_path / "raw", tiny.make_transactions())
    read = raw_table(raw, table=table).load()
    expected = {"articles": tiny.ARTICLES, "transactions_train": len(tiny.make_transactions())}
    assert read.count() == expected.get(table, tiny.CUSTOMERS)
    assert read.where("rule is not null").count() == 0


def test_columns_are_found_by_name_in_whatever_order_the_header_has(read):
    assert rows(
        read("price,article_id,sales_channel_id,t_dat,customer_id\n0.5,0663713001,2,2018-09-20,000058a1\n")
    ) == [ROWS[1]]


def test_columns_that_the_contract_does_not_know_are_left_out_and_named(read, caplog):
    with caplog.at_level(logging.INFO, logger="hm_kedro"):
        table = read(f"row,{HEADER},note\n7,2018-09-20,000058a1,0663713001,0.5,2,x\n")
    assert rows(table) == [ROWS[1]]
    assert "transactions_train.csv: left out columns that are not H&M's: row, note" in caplog.text


def test_columns_of_another_of_the_files_are_left_out_without_a_word(session, tmp_path, caplog):
    raw = tiny.write_raw(tmp_path / "raw", tiny.make_transactions())
    with caplog.at_level(logging.INFO, logger="hm_kedro"):
        table = raw_table(raw, "nothing", "customers", table="sample_submission").load()
    assert table.count() == tiny.CUSTOMERS
    assert "left out" not in caplog.text


def test_a_file_with_a_header_only_has_no_rows(read):
    assert rows(read(f"{HEADER}\n")) == []


def test_many_parts_are_one_table(session, tmp_path):
    folder = tmp_path / "transactions_train.csv"
    folder.mkdir()
    head, *lines = LINES.splitlines(keepends=True)
    for number in range(9):
        (folder / f"part-{number}.csv.gz").write_bytes(gzip.compress((head + lines[number % 2]).encode()))
    table = raw_table(tmp_path)
    assert table.load().count() == 9
    assert table.preview(1)["data"][0][0] == "2018-09-20"


def test_the_first_of_the_names_that_is_there_is_read(session, tmp_path):
    (tmp_path / "customers.csv").write_text("customer_id\n" + "a" * 64 + "\n")
    table = raw_table(tmp_path, "sample_submission", "customers", table="sample_submission")
    assert rows(table.load(), "customer_id") == [("a" * 64,)]
    (tmp_path / "sample_submission.csv").write_text("customer_id,prediction\n" + "b" * 64 + ",\n")
    assert rows(table.load(), "customer_id") == [("b" * 64,)]


def test_a_damaged_compressed_file_is_refused_in_one_line(session, tmp_path):
    packed = gzip.compress((HEADER + "\n" + "2018-09-20,000058a1,0663713001,0.5,2\n" * 5000).encode())
    (tmp_path / "transactions_train.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(PySparkException) as caught:
        raw_table(tmp_path).load().count()
    line = one_line(caught.value)
    assert line.startswith(f"'{tmp_path}/transactions_train.csv.gz' is damaged (")
    assert line.endswith("get the file anew")


def test_a_missing_file_is_named_with_the_remedy(tmp_path, no_engine, refusal):
    line = refusal(raw_table(tmp_path, table="customers").load)
    assert line.startswith(f"'{tmp_path}/customers.csv' is not there")
    assert line.endswith("`--params raw_dir=FOLDER`")


@pytest.mark.parametrize(
    ("name", "exists"), [("customers.csv", True), ("customers.csv.gz", True), ("customers.parquet", True), ("x", False)]
)
def test_a_file_exists_in_any_form(tmp_path, name, exists):
    (tmp_path / name).touch()
    assert raw_table(tmp_path, table="customers").exists() is exists


def test_raw_files_are_never_written(tmp_path):
    with pytest.raises(DatasetError, match="read only"):
        raw_table(tmp_path).save("a table")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_table_is_named_with_those_there_are():
    with pytest.raises(DatasetError, match="no raw table 'sales': choose one of articles, customers"):
        RawTable(path=".", names=["sales"], table="sales")


@pytest.mark.parametrize("end", ["csv", "csv.gz"])
def test_a_preview_shows_the_first_rows_without_an_engine(tmp_path, no_engine, end):
    content = LINES.encode()
    path = tmp_path / f"transactions_train.{end}"
    path.write_bytes(content if end == "csv" else gzip.compress(content))
    preview = raw_table(tmp_path).preview(nrows=1)
    assert preview["columns"] == HEADER.split(",")
    assert preview["data"] == [["2018-09-20", "000058a1", "0663713001", "0.5", "2"]]
