"""Finding raw files and naming what is wrong with them."""

import gzip
from itertools import pairwise

import pytest

from hm_kedro.errors import HmKedroError
from hm_kedro.raw import files
from hm_kedro.schemas import RAW

HEADER = "t_dat,customer_id,article_id,price,sales_channel_id"
TABLE = RAW["transactions_train"]


@pytest.mark.parametrize("end", files.ENDS)
def test_a_file_is_found_in_any_form(tmp_path, end):
    (tmp_path / f"customers.{end}").touch()
    assert files.find(f"{tmp_path}/customers") == f"{tmp_path}/customers.{end}"


def test_the_plain_file_is_taken_where_there_are_several(tmp_path):
    for end in files.ENDS:
        (tmp_path / f"customers.{end}").touch()
    assert files.find(f"{tmp_path}/customers").endswith(".csv")


def test_a_folder_without_parts_is_no_file(tmp_path, refusal):
    (tmp_path / "customers.csv").mkdir()
    line = refusal(lambda: files.find(f"{tmp_path}/customers"))
    assert line.startswith(f"'{tmp_path}/customers.csv' is not there, nor '.csv.gz' or '.parquet'")
    assert line.endswith("`--params raw_dir=FOLDER`")


@pytest.mark.parametrize("missing", HEADER.split(","))
def test_a_missing_column_is_named(tmp_path, refusal, missing):
    path = tmp_path / "transactions_train.csv"
    path.write_text(",".join(name for name in HEADER.split(",") if name != missing) + "\n")
    assert refusal(lambda: files.plan(str(path), TABLE)) == (
        f"'{path}' lacks the column {missing}: its first line must name Kaggle's columns"
    )


def test_all_missing_columns_are_named_of_an_empty_file_all(tmp_path, refusal):
    path = tmp_path / "transactions_train.csv"
    path.touch()
    assert f"lacks the columns {HEADER.replace(',', ', ')}:" in refusal(lambda: files.plan(str(path), TABLE))


def test_a_part_with_other_columns_is_named(tmp_path, refusal):
    folder = tmp_path / "transactions_train.csv"
    folder.mkdir()
    (folder / "part-0.csv").write_text(HEADER + "\n")
    (folder / "part-1.csv").write_text(HEADER.replace("price", "cost") + "\n")
    assert "part-1.csv' lacks the column price" in refusal(lambda: files.plan(str(folder), TABLE))


def test_a_column_that_is_there_twice_is_named(tmp_path, refusal):
    path = tmp_path / "transactions_train.csv"
    path.write_text(f"{HEADER},price\n")
    assert "has the column price twice" in refusal(lambda: files.plan(str(path), TABLE))


@pytest.mark.parametrize(
    ("end", "content"),
    [
        ("csv", b"\xff\xfet\x00_\x00"),
        ("csv.gz", b"no gzip"),
        ("csv.gz", gzip.compress(b"a", mtime=0)[:6]),
        ("parquet", b"none"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path, end, content):
    path = tmp_path / f"transactions_train.{end}"
    path.write_bytes(content)
    with pytest.raises(HmKedroError, match=r"transactions_train\..*can't be read \(.*\): get the file anew"):
        files.plan(str(path), TABLE)


def test_chunks_cover_a_file_once(tmp_path):
    path = tmp_path / "transactions_train.csv"
    path.write_bytes(b"x" * 95)
    path.write_text(HEADER + "\n" + "x" * 100)
    spans = [(chunk.start, chunk.end) for chunk in files.plan(str(path), TABLE, 40)]
    assert spans[0][0] == 0
    assert spans[-1][1] == path.stat().st_size
    assert all(one[1] == other[0] for one, other in pairwise(spans))
