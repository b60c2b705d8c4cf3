"""A table that is made part by part: what is kept of unfinished work, and what is not."""

import json

import pytest
from tests.conftest import rows

from hm_kedro.datasets.parted_table import Part, PartedTable, Progress, TableProgress

SCHEMA = "customer int, score float"


class Killed(BaseException):
    """What ends a run in the middle of it."""


class Unwritable:
    """Rows in whose making the run is killed."""

    @property
    def write(self):
        raise Killed


@pytest.fixture
def parted(tmp_path):
    return PartedTable(filepath=str(tmp_path / "made" / "table"))


@pytest.fixture
def done(tmp_path):
    """How far the table is made."""
    return TableProgress(filepath=str(tmp_path / "made" / "table")).load


@pytest.fixture
def write(table, parted):
    """Save a part of some customers."""

    def save(name, *customers, work="work", parts=2):
        parted.save(Part(work, name, parts, table(SCHEMA, [(customer, 0.5) for customer in customers])))

    return save


def test_a_table_is_the_rows_of_all_its_parts(write, parted):
    write("2020-09-16-0", 1, 2)
    write("2020-09-16-7", 9)
    assert rows(parted.load()) == [(1, 0.5), (2, 0.5), (9, 0.5)]
    assert parted.load().dtypes == [("customer", "int"), ("score", "float")]


def test_nothing_is_done_of_a_table_that_was_never_made(done):
    assert done() == Progress("", (), 0)


def test_what_is_done_grows_part_by_part(write, done):
    write("b", 1, parts=3)
    assert done() == Progress("work", ("b",), 3, SCHEMA)
    write("a", 2, parts=3)
    assert done() == Progress("work", ("b", "a"), 3, SCHEMA)


def test_unfinished_work_has_the_parts_that_are_done():
    progress = Progress("work", ("a",), 2)
    assert progress.has("work", "a")
    assert not progress.has("work", "b")


def test_other_work_has_no_parts():
    assert not Progress("work", ("a",), 2).has("other", "a")


def test_finished_work_is_made_anew():
    progress = Progress("work", ("a", "b"), 2)
    assert not progress.has("work", "a")
    assert not progress.has("work", "b")


def test_a_run_goes_on_with_the_parts_that_are_missing(write, parted):
    write("a", 1)
    write("b", 2)  # by the next run
    assert rows(parted.load(), "customer") == [(1,), (2,)]


def test_parts_of_other_work_are_not_kept(write, parted, done):
    write("a", 1)
    write("b", 2, work="other")
    assert done() == Progress("other", ("b",), 2, SCHEMA)
    write("a", 3, work="other")
    assert rows(parted.load(), "customer") == [(2,), (3,)]


def test_parts_of_another_number_of_parts_are_not_kept(write, done):
    write("a", 1, parts=2)
    write("b", 2, parts=3)
    assert done() == Progress("work", ("b",), 3, SCHEMA)


def test_a_finished_table_is_made_anew_by_the_first_part_that_is_written(write, parted, done):
    write("a", 1)
    write("b", 2)
    write("a", 3)
    assert done() == Progress("work", ("a",), 2, SCHEMA)
    write("b", 4)
    assert rows(parted.load(), "customer") == [(3,), (4,)]


def test_an_unfinished_table_is_not_loaded_and_the_remedy_named(write, parted, refusal, tmp_path):
    write("a", 1, parts=3)
    assert refusal(parted.load) == (
        f"'{tmp_path}/made/table' has 1 of 3 parts: run the pipeline that makes it again, it goes on from there"
    )


def test_a_table_that_was_not_made_is_named_with_the_remedy(parted, refusal, tmp_path):
    assert refusal(parted.load) == f"'{tmp_path}/made/table' is not there: run the pipeline that makes it first"


def test_a_table_exists_once_all_of_its_parts_are_there(write, parted):
    assert not parted.exists()
    write("a", 1)
    assert not parted.exists()
    write("b", 2)
    assert parted.exists()


def test_a_part_without_rows_is_done_and_adds_none(write, parted, done):
    write("a")
    write("b", 1)
    assert done().names == ("a", "b")
    assert rows(parted.load(), "customer") == [(1,)]


def test_a_table_of_parts_without_rows_comes_back_with_its_schema(write, parted):
    write("a", parts=1)
    assert rows(parted.load()) == []
    assert parted.load().dtypes == [("customer", "int"), ("score", "float")]


def killed(parted, name, work="work", parts=2):
    """Save a part in whose making the run is killed."""
    with pytest.raises(Killed):
        parted.save(Part(work, name, parts, Unwritable()))


def test_a_part_in_whose_making_the_run_was_killed_is_not_done(write, parted, done):
    write("a", 1)
    killed(parted, "b")
    assert done() == Progress("work", ("a",), 2, SCHEMA)
    write("b", 2)
    assert rows(parted.load(), "customer") == [(1,), (2,)]


def test_what_a_killed_run_left_of_a_part_that_it_had_not_noted_down_is_replaced(write, parted, tmp_path):
    write("a", 1)
    noted = tmp_path / "made" / "table.json"
    before = noted.read_text()
    write("b", 2)
    noted.write_text(before)  # as if the run had been killed just before
    write("b", 3)
    assert rows(parted.load(), "customer") == [(1,), (3,)]


def test_a_finished_table_whose_remaking_was_killed_is_not_there_as_finished(write, parted, refusal):
    write("a", 1)
    write("b", 2)
    killed(parted, "a")
    assert not parted.exists()
    assert "run the pipeline that makes it" in refusal(parted.load)


def test_parts_that_other_work_removed_are_not_done_though_it_was_killed(write, parted, done):
    write("a", 1)
    killed(parted, "b", work="other")
    assert not done().has("work", "a")


def test_nothing_but_the_table_and_what_is_done_is_left(write, tmp_path):
    write("a", 1)
    write("b", 2)
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["table", "table.json"]
    assert json.loads((tmp_path / "made" / "table.json").read_text())["names"] == ["a", "b"]


def test_what_is_done_is_written_by_the_table_alone(tmp_path, refusal):
    progress = TableProgress(filepath=str(tmp_path / "table"))
    assert "nothing to write" in refusal(lambda: progress.save("done"))
