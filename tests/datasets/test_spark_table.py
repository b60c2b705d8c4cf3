"""The engine's tables in Parquet and its one CSV file, on the engine under test."""

import pytest
from kedro.io import DatasetError
from tests.conftest import day, rows

from hm_kedro.datasets import SparkCsvFile, SparkTable

SCHEMA = "customer int, score float, t_dat date, name string"
WEEKLY = "week date, customer int"
FIRST, SECOND = day("2020-09-02"), day("2020-09-09")


@pytest.fixture
def plain(tmp_path):
    return SparkTable(
        filepath=str(tmp_path / "made" / "table"),
        file_format="parquet",
        save_args={"mode": "overwrite", "compression": "zstd"},
    )


@pytest.fixture
def weekly(tmp_path):
    return SparkTable(
        filepath=str(tmp_path / "made" / "weekly"),
        file_format="parquet",
        save_args={"mode": "overwrite", "compression": "zstd", "partitionBy": ["week"]},
    )


@pytest.fixture
def no_engine(monkeypatch):
    """Refuse an engine from when the test asks for it on."""

    def refuse():
        raise AssertionError("an engine was asked for")

    return lambda: monkeypatch.setattr("hm_kedro.engine.session", refuse)


def test_a_table_comes_back_with_its_rows_and_types(table, plain):
    lines = [(1, 0.5, FIRST, "a"), (2, None, None, None)]
    plain.save(table(SCHEMA, lines))
    assert rows(plain.load()) == lines
    assert plain.load().dtypes == [("customer", "int"), ("score", "float"), ("t_dat", "date"), ("name", "string")]


def test_a_table_exists_once_it_is_saved(table, plain):
    assert not plain.exists()
    plain.save(table(SCHEMA, []))
    assert plain.exists()


def test_a_table_partitioned_by_week_comes_back_with_the_week_as_a_date(table, weekly):
    weekly.save(table(WEEKLY, [(FIRST, 1), (SECOND, 2)]))
    assert rows(weekly.load(), "week", "customer") == [(FIRST, 1), (SECOND, 2)]
    assert dict(weekly.load().dtypes) == {"week": "date", "customer": "int"}


def test_each_week_is_a_folder_of_its_own(table, weekly, tmp_path):
    weekly.save(table(WEEKLY, [(FIRST, 1), (SECOND, 2)]))
    folders = sorted(path.name for path in (tmp_path / "made" / "weekly").iterdir() if path.is_dir())
    assert folders == ["week=2020-09-02", "week=2020-09-09"]


def test_a_later_run_replaces_the_rows(table, plain):
    plain.save(table(SCHEMA, [(1, 0.5, FIRST, "a"), (2, 0.5, FIRST, "b")]))
    plain.save(table(SCHEMA, [(3, 0.25, SECOND, "c")]))
    assert rows(plain.load()) == [(3, 0.25, SECOND, "c")]


def test_a_later_run_with_fewer_weeks_leaves_none_of_an_earlier_one(table, weekly):
    weekly.save(table(WEEKLY, [(FIRST, 1), (SECOND, 2)]))
    weekly.save(table(WEEKLY, [(SECOND, 3)]))
    assert rows(weekly.load(), "week", "customer") == [(SECOND, 3)]


def test_a_table_without_rows_comes_back_with_its_schema(table, plain):
    plain.save(table(SCHEMA, [(1, 0.5, FIRST, "a")]).limit(0))
    assert rows(plain.load()) == []
    assert plain.load().dtypes == [("customer", "int"), ("score", "float"), ("t_dat", "date"), ("name", "string")]


def test_a_weekly_table_without_rows_comes_back_with_its_schema(table, weekly):
    weekly.save(table(WEEKLY, [(FIRST, 1)]).limit(0))
    assert rows(weekly.load()) == []
    assert dict(weekly.load().dtypes) == {"week": "date", "customer": "int"}


def test_a_weekly_table_that_had_no_rows_can_get_some(table, weekly):
    weekly.save(table(WEEKLY, []))
    weekly.save(table(WEEKLY, [(FIRST, 1)]))
    assert rows(weekly.load(), "week", "customer") == [(FIRST, 1)]


def test_a_weekly_table_that_had_rows_can_lose_them(table, weekly):
    weekly.save(table(WEEKLY, [(FIRST, 1)]))
    weekly.save(table(WEEKLY, []))
    assert rows(weekly.load()) == []


def test_a_table_that_was_not_made_is_named_with_the_remedy(plain, no_engine, tmp_path, refusal):
    no_engine()
    assert refusal(plain.load) == f"'{tmp_path}/made/table' is not there: run the pipeline that makes it first"


def test_a_preview_shows_the_first_rows_without_an_engine(table, plain, no_engine):
    plain.save(table(SCHEMA, [(1, 0.5, FIRST, "a"), (2, 0.25, FIRST, "b")]).coalesce(1))
    no_engine()
    preview = plain.preview(nrows=1)
    assert preview["columns"] == ["customer", "score", "t_dat", "name"]
    assert preview["data"] == [["1", "0.5", "2020-09-02", "a"]]


def test_a_preview_shows_the_week_of_a_weekly_table(table, weekly, no_engine):
    weekly.save(table(WEEKLY, [(FIRST, 1)]))
    no_engine()
    preview = weekly.preview()
    assert [dict(zip(preview["columns"], row, strict=True)) for row in preview["data"]] == [
        {"customer": "1", "week": "2020-09-02"}
    ]


@pytest.mark.parametrize("kind", ["plain", "weekly"])
def test_a_preview_of_a_table_without_rows_has_its_columns(table, kind, request, no_engine):
    dataset = request.getfixturevalue(kind)
    dataset.save(table(WEEKLY, []))
    no_engine()
    assert sorted(dataset.preview()["columns"]) == ["customer", "week"]
    assert dataset.preview()["data"] == []


@pytest.fixture
def lines_file(tmp_path):
    return SparkCsvFile(filepath=str(tmp_path / "made" / "submission.csv"), order_by="line")


def test_lines_are_written_in_order_below_a_header_without_the_ordering_column(table, lines_file, tmp_path):
    lines = table("customer_id string, line long, prediction string", [("c", 2, "3"), ("a", 0, "1 2"), ("b", 1, "2")])
    lines_file.save(lines.repartition(2))
    assert (tmp_path / "made" / "submission.csv").read_text() == "customer_id,prediction\na,1 2\nb,2\nc,3\n"


def test_lines_are_ordered_as_numbers_not_as_text(table, lines_file, tmp_path):
    lines_file.save(table("line long, customer_id string", [(10, "last"), (9, "first")]))
    assert (tmp_path / "made" / "submission.csv").read_text() == "customer_id\nfirst\nlast\n"


def test_nothing_but_the_file_is_left_beside_it(table, lines_file, tmp_path):
    lines_file.save(table("line long, customer_id string", [(0, "a")]))
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["submission.csv"]


def test_a_later_file_replaces_an_earlier_one(table, lines_file, tmp_path):
    lines_file.save(table("line long, customer_id string", [(0, "a"), (1, "b")]))
    lines_file.save(table("line long, customer_id string", [(0, "c")]))
    assert (tmp_path / "made" / "submission.csv").read_text() == "customer_id\nc\n"


def test_a_file_without_lines_has_its_header(table, lines_file, tmp_path):
    lines_file.save(table("line long, customer_id string", []))
    assert (tmp_path / "made" / "submission.csv").read_text() == "customer_id\n"


def test_the_csv_file_exists_once_it_is_saved(table, lines_file):
    assert not lines_file.exists()
    lines_file.save(table("line long, customer_id string", []))
    assert lines_file.exists()


def test_the_csv_file_is_not_read_back(lines_file):
    with pytest.raises(DatasetError, match="written only"):
        lines_file.load()


def test_a_preview_of_the_csv_file_keeps_the_zeros_that_ids_start_with(table, lines_file, no_engine):
    lines_file.save(table("line long, prediction string", [(0, "0108775015"), (1, "0108775044")]))
    no_engine()
    preview = lines_file.preview(nrows=1)
    assert (preview["columns"], preview["data"]) == (["prediction"], [["0108775015"]])
