"""Reading Kaggle's CSV files as text, on the engine under test."""

import csv
import gzip
import io

import pytest
from kedro.io import DatasetError
from tests.conftest import rows

from hm_kedro.datasets import RawTable
from hm_kedro.schemas import RAW

HEADER = "t_dat,customer_id,article_id,price,sales_channel_id"
LINES = f"{HEADER}\n2018-09-20,000058a1,0663713001,0.0508,2\n2018-09-20,000058a1,0541518023,0.0304,1\n"
ROWS = [
    ("2018-09-20", "000058a1", "0541518023", "0.0304", "1"),
    ("2018-09-20", "000058a1", "0663713001", "0.0508", "2"),
]


@pytest.fixture
def read(session, tmp_path):
    """Read text as one of the raw files, plain or gzipped."""

    def read_text(text: str, table: str = "transactions_train", *, gzipped: bool = False):
        content = text.encode()
        path = tmp_path / f"{table}.csv"
        if gzipped:
            (tmp_path / f"{table}.csv.gz").write_bytes(gzip.compress(content))
        else:
            path.write_bytes(content)
        return RawTable(filepath=str(path), table=table).load()

    return read_text


def article(**known: str) -> dict[str, str]:
    return {column.name: "" for column in RAW["articles"]} | known


def csv_text(articles: list[dict[str, str]]) -> str:
    """Write articles as CSV, quoted where need be and quotes doubled, as Kaggle's file is."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(articles[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(articles)
    return text.getvalue()


@pytest.fixture
def no_engine(monkeypatch):
    def refuse():
        raise AssertionError("an engine was asked for")

    monkeypatch.setattr("hm_kedro.engine.session", refuse)


def test_every_column_is_text_as_it_stands_in_the_file(read):
    table = read(LINES)
    assert rows(table) == ROWS
    assert {kind for _, kind in table.dtypes} == {"string"}


def test_a_gzipped_file_is_read_like_a_plain_one(read):
    assert rows(read(LINES, gzipped=True)) == ROWS


@pytest.mark.parametrize("end", ["csv", "csv.gz"])
def test_parts_in_a_folder_of_the_files_name_are_one_table(session, tmp_path, end):
    folder = tmp_path / f"transactions_train.{end}"
    folder.mkdir()
    head, *lines = LINES.splitlines(keepends=True)
    for number, line in enumerate(lines):
        text = (head + line).encode()
        (folder / f"part-{number}.{end}").write_bytes(text if end == "csv" else gzip.compress(text))
    table = RawTable(filepath=str(tmp_path / "transactions_train.csv"), table="transactions_train")
    assert rows(table.load()) == ROWS
    assert table.preview(1)["data"][0][0] == "2018-09-20"


def test_a_folder_without_parts_is_no_file(tmp_path):
    (tmp_path / "customers.csv").mkdir()
    with pytest.raises(DatasetError, match="is not there"):
        RawTable(filepath=str(tmp_path / "customers.csv"), table="customers").load()


def test_the_plain_file_is_read_where_both_are_there(read):
    read(f"{HEADER}\n2000-01-01,other,0000000000,1,1\n", gzipped=True)
    assert rows(read(LINES)) == ROWS


def test_line_ends_of_windows_are_read_like_others(read):
    assert rows(read(LINES.replace("\n", "\r\n"))) == ROWS


def test_a_byte_order_mark_before_the_header_is_no_part_of_it(read):
    assert rows(read("\ufeff" + LINES)) == ROWS


def test_a_last_line_without_a_line_end_is_read(read):
    assert rows(read(LINES.removesuffix("\n"))) == ROWS


def test_columns_are_found_by_name_in_whatever_order_the_header_has(read):
    table = read("price,article_id,sales_channel_id,t_dat,customer_id\n0.0508,0663713001,2,2018-09-20,000058a1\n")
    assert rows(table) == [ROWS[1]]
    assert table.columns == HEADER.split(",")


def test_a_column_that_the_schema_does_not_know_is_left_out(read):
    text = "row,t_dat,customer_id,article_id,price,sales_channel_id\n7,2018-09-20,000058a1,0663713001,0.0508,2\n"
    assert rows(read(text)) == [ROWS[1]]


@pytest.mark.parametrize("empty", ["", '""'])
def test_an_empty_field_is_missing(read, empty):
    table = read(f"{HEADER}\n2018-09-20,{empty},0663713001,0.0508,2\n")
    assert rows(table, "customer_id") == [(None,)]


def test_a_file_with_a_header_only_has_no_rows(read):
    table = read(f"{HEADER}\n")
    assert rows(table) == []
    assert table.columns == HEADER.split(",")


def test_customers_are_read_with_missing_news_and_ages(read):
    text = (
        "customer_id,FN,Active,club_member_status,fashion_news_frequency,age,postal_code\n"
        "0a,1.0,,ACTIVE,Regularly,49.0,52043e\n0b,,,,NONE,,\n"
    )
    assert rows(read(text, "customers")) == [
        ("0a", "1.0", None, "ACTIVE", "Regularly", "49.0", "52043e"),
        ("0b", None, None, None, "NONE", None, None),
    ]


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize(
    "description",
    [
        "Jersey top, with narrow straps",
        'Top in 100% "organic" cotton',
        '"Quoted" at the start and at the "end"',
        "First line\nsecond line\n\nfourth line",
        'A line, then\n"another", quoted',
    ],
)
def test_a_description_holds_commas_quotes_and_line_ends(read, description, gzipped):
    text = csv_text(
        [
            article(article_id="0108775015", prod_name="Strap top", detail_desc=description),
            article(article_id="0108775044", prod_name="Strap top", detail_desc="Plain"),
        ]
    )
    assert rows(read(text, "articles", gzipped=gzipped), "article_id", "detail_desc") == [
        ("0108775015", description),
        ("0108775044", "Plain"),
    ]


def test_a_quoted_name_with_a_comma_does_not_shift_the_columns_after_it(read):
    text = csv_text([article(article_id="0108775015", prod_name="Top, 2-pack", index_group_name="Ladieswear")])
    assert rows(read(text, "articles"), "prod_name", "index_group_name") == [("Top, 2-pack", "Ladieswear")]


@pytest.mark.parametrize("missing", ["t_dat", "article_id", "sales_channel_id"])
def test_a_missing_column_is_named_in_one_line(read, tmp_path, refusal, missing):
    header = ",".join(name for name in HEADER.split(",") if name != missing)
    assert refusal(lambda: read(f"{header}\n")) == (
        f"'{tmp_path}/transactions_train.csv' lacks the column {missing}: its first line must name Kaggle's columns"
    )


def test_all_missing_columns_are_named(read, refusal):
    line = refusal(lambda: read("t_dat,customer_id,article_id\n"))
    assert "lacks the columns price, sales_channel_id:" in line


def test_an_empty_file_lacks_its_columns(read, refusal):
    assert "lacks the columns t_dat, customer_id" in refusal(lambda: read(""))


def test_a_missing_file_is_named_with_the_remedy(tmp_path, no_engine, refusal):
    line = refusal(RawTable(filepath=f"{tmp_path}/customers.csv", table="customers").load)
    assert line.startswith(f"'{tmp_path}/customers.csv' is not there")
    assert line.endswith("`--params raw_dir=FOLDER`")


@pytest.mark.parametrize(("name", "exists"), [("customers.csv", True), ("customers.csv.gz", True), ("x.csv", False)])
def test_a_file_exists_plain_or_gzipped(tmp_path, name, exists):
    (tmp_path / name).touch()
    assert RawTable(filepath=str(tmp_path / "customers.csv"), table="customers").exists() is exists


def test_raw_files_are_never_written(tmp_path):
    path = tmp_path / "customers.csv"
    with pytest.raises(DatasetError, match="read only"):
        RawTable(filepath=str(path), table="customers").save("a table")
    assert not path.exists()


def test_an_unknown_table_is_named_with_those_there_are():
    with pytest.raises(DatasetError, match="no raw table 'sales': choose one of articles, customers"):
        RawTable(filepath="sales.csv", table="sales")


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_preview_shows_the_first_rows_without_an_engine(tmp_path, no_engine, gzipped):
    path = tmp_path / "transactions_train.csv"
    content = LINES.encode()
    if gzipped:
        (tmp_path / "transactions_train.csv.gz").write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)
    preview = RawTable(filepath=str(path), table="transactions_train").preview(nrows=1)
    assert preview["columns"] == HEADER.split(",")
    assert preview["data"] == [["2018-09-20", "000058a1", "0663713001", "0.0508", "2"]]
