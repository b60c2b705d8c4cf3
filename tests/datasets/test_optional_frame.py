"""A small table that a pipeline may not have left."""

import pandas as pd
import pytest

from hm_kedro.datasets import OptionalFrame


@pytest.fixture
def scores(tmp_path):
    return OptionalFrame(filepath=str(tmp_path / "scores.parquet"))


def test_what_is_not_there_is_empty(scores):
    assert scores.load().empty
    assert list(scores.load().columns) == []
    assert scores.preview() is None


def test_what_was_saved_comes_back(scores):
    scores.save(pd.DataFrame({"contestant": ["als", "ranker"], "map12": [0.25, 0.5]}))
    assert scores.load().to_dict("list") == {"contestant": ["als", "ranker"], "map12": [0.25, 0.5]}


def test_a_preview_shows_the_first_rows(scores):
    scores.save(pd.DataFrame({"contestant": ["als", "ranker"]}))
    assert scores.preview(1) == {"index": [0], "columns": ["contestant"], "data": [["als"]]}
