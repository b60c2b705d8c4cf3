"""Submissions of models outside join the comparison."""

import pytest
from tests.conftest import rows
from tests.pipelines.evaluation.making import CUTOFF, line

from hm_kedro.datasets import SubmissionFiles
from hm_kedro.parameters import EvaluationParameters
from hm_kedro.pipelines.evaluation.outside import read_outside_lists

SUBMISSION = "contestant string, customer_id string, prediction string"


@pytest.fixture
def read(table):
    def make(lines, log_end="2020-09-22"):
        return read_outside_lists(
            table(SUBMISSION, lines),
            table("customer_id string, customer int", [("aa", 1), ("bb", 2)]),
            table("article_id string, article int", [("0101", 5), ("0102", 6)]),
            line(log_end),
            EvaluationParameters(weeks=1),
        )

    return make


def test_a_submission_becomes_a_contestants_lists_of_the_cutoffs_week(read):
    lists = read([("rival", "aa", "0102 0101"), ("rival", "bb", " 0101  0102 ")])
    assert rows(lists, "contestant", "week", "customer", "article", "rank") == [
        ("rival", CUTOFF, 1, 5, 2),
        ("rival", CUTOFF, 1, 6, 1),
        ("rival", CUTOFF, 2, 5, 1),
        ("rival", CUTOFF, 2, 6, 2),
    ]


def test_of_an_article_named_twice_the_first_place_counts_and_unknown_ones_keep_theirs_empty(read):
    lists = read([("rival", "aa", "9999 0101 0102 0101"), ("rival", "zz", "0101")])
    assert rows(lists, "customer", "article", "rank") == [(1, 5, 2), (1, 6, 3)]


def test_without_submissions_there_are_no_lists_whatever_is_judged(read):
    assert rows(read([], log_end="2020-09-15")) == []


def test_a_week_that_is_not_judged_is_refused(read, refusal):
    said = refusal(lambda: read([("rival", "aa", "0101")], log_end="2020-09-21"))
    assert said == (
        "submissions: rival can't be judged, for the log ends on 2020-09-21, before the end of the week of 2020-09-16 "
        "that they predict: set an earlier cutoff"
    )


def test_the_name_of_a_contestant_is_refused(read, refusal):
    said = refusal(lambda: read([("ranker", "aa", "0101")]))
    assert said == "submissions: 'ranker' is the name of a contestant already: rename the file"


def test_a_submission_for_other_data_is_refused(read, refusal):
    said = refusal(lambda: read([("rival", "zz", "0101")]))
    assert said == "submissions: rival has no line of a known customer with a known article"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one.csv").write_text("customer_id,prediction\naa,0101 0102\n")
    (tmp_path / "two.csv").write_text("customer_id,prediction\nbb,0102\naa,\n")
    (tmp_path / "notes.txt").write_text("of no interest")
    return tmp_path


@pytest.mark.usefixtures("session")
def test_every_file_of_a_folder_is_a_contestant(folder):
    assert rows(SubmissionFiles(place=str(folder)).load()) == [
        ("one", "aa", "0101 0102"),
        ("two", "aa", None),
        ("two", "bb", "0102"),
    ]


@pytest.mark.usefixtures("session")
def test_one_file_is_one_contestant_and_no_path_is_none(folder):
    assert rows(SubmissionFiles(place=str(folder / "one.csv")).load()) == [("one", "aa", "0101 0102")]
    assert rows(SubmissionFiles(place="").load()) == []


@pytest.mark.usefixtures("session")
def test_a_file_that_is_not_there_is_refused(tmp_path, refusal):
    said = refusal(SubmissionFiles(place=str(tmp_path / "gone.csv")).load)
    assert said.startswith(f"submissions: '{tmp_path / 'gone.csv'}' is no file and no folder")


@pytest.mark.usefixtures("session")
def test_a_file_that_is_no_submission_is_refused(tmp_path, refusal):
    (tmp_path / "rival.csv").write_text("customer,articles\naa,0101\n")
    said = refusal(SubmissionFiles(place=str(tmp_path)).load)
    assert "the first line of" in said
    assert "is 'customer,articles', not 'customer_id,prediction': write it in Kaggle's format" in said
