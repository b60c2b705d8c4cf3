"""Customers scored: each week by its model, of each customer the best twelve."""

from itertools import pairwise

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pipelines.lgbm_ranking.making import (
    DAYS,
    FEATURES,
    NEXT,
    NEXT_DAYS,
    WEEK,
    batch,
    customer,
    proposal,
    served,
    shop,
)

from hm_kedro.pipelines.lgbm_ranking.compiled import Code, compile_booster
from hm_kedro.pipelines.lgbm_ranking.describing import Known
from hm_kedro.pipelines.lgbm_ranking.features import list_features
from hm_kedro.pipelines.lgbm_ranking.scoring import best_rows, scorer

NAMES = list_features(FEATURES, ())
QUIET = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 1, "min_data_in_bin": 1}


def model(likes: int | None) -> str:
    """The text of a model: without trees, or one that scores by the pieces bought, or against them."""
    values = np.zeros((40, len(NAMES)), np.float32)
    values[:, NAMES.index("article_times_bought")] = bought = np.arange(40) % 4
    if likes is None:
        return lgb.Booster(QUIET, lgb.Dataset(values, np.zeros(40), feature_name=NAMES)).model_to_string()
    return lgb.train(QUIET, lgb.Dataset(values, likes * bought, feature_name=NAMES), 5).model_to_string()


FOND, AVERSE, BLANK = model(1), model(-1), model(None)


def scored(*batches: pa.RecordBatch, models: dict[int, str | Code] | None = None) -> list[tuple]:
    """Score candidates of customers who had bought none, one, two and three pieces of articles 0 to 3."""
    lines = [(article, 1, article) for article in (1, 2, 3)]
    known = {day: Known(shop, lambda: served(customer(1, *lines), customer(2, *lines))) for day in (DAYS, NEXT_DAYS)}
    shared = {day: (lambda made=made: made) for day, made in (models or {DAYS: FOND, NEXT_DAYS: AVERSE}).items()}
    found = []
    for piece in scorer(known, shared, FEATURES, ())(iter(batches)):
        assert piece.schema.names == ["week", "customer", "article", "score"]
        assert [field.type for field in piece.schema] == [pa.date32(), pa.int32(), pa.int32(), pa.float32()]
        found += [tuple(row.values()) for row in piece.to_pylist()]
    return found


def test_candidates_come_by_customer_and_falling_score():
    found = scored(batch(*[proposal(number, article) for article in range(4) for number in (2, 1)]))
    assert [row[:3] for row in found] == [(WEEK, number, article) for number in (1, 2) for article in (3, 2, 1, 0)]
    assert all(one[3] > other[3] for one, other in pairwise(found) if one[1] == other[1])


def test_a_candidate_is_scored_by_the_model_of_its_week():
    found = scored(batch(*[proposal(1, article, week=week) for article in range(4) for week in (NEXT, WEEK)]))
    assert [row[:3] for row in found] == [
        *[(WEEK, 1, article) for article in (3, 2, 1, 0)],
        *[(NEXT, 1, article) for article in range(4)],
    ]


def test_a_compiled_model_scores_as_its_text_does():
    pytest.importorskip("lleaves")
    lines = [proposal(number, article, week=week) for week in (WEEK, NEXT) for article in range(4) for number in (2, 1)]
    codes = {day: compile_booster(lgb.Booster(model_str=text)) for day, text in ((DAYS, FOND), (NEXT_DAYS, AVERSE))}
    assert scored(batch(*lines), models=codes) == scored(batch(*lines))


def test_a_week_whose_model_has_no_trees_is_scored_by_the_blend():
    lines = [proposal(1, 3, blend_score=0.25), proposal(1, 0, blend_score=2)]
    assert scored(batch(*lines), models={DAYS: BLANK}) == [(WEEK, 1, 0, 2), (WEEK, 1, 3, 0.25)]


def test_the_best_twelve_of_each_customer_go_on():
    lines = [proposal(number, 0, blend_score=place) for number in (1, 2) for place in range(20)]
    found = scored(batch(*lines), models={DAYS: BLANK})
    assert [row[1::2] for row in found] == [(number, place) for number in (1, 2) for place in range(19, 7, -1)]


def test_a_candidate_is_scored_alike_in_whatever_batch_it_comes():
    lines = [proposal(number, article) for article in range(4) for number in (2, 1)]
    assert scored(*[batch(one) for one in lines]) == scored(batch(*lines))
    assert scored() == []


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=60))
def test_the_best_rows_are_those_that_a_sort_puts_first(keys):
    """Of rows of customer and score, article the place."""
    customers = np.array([number for number, _ in keys], np.int32)
    scores = np.array([score for _, score in keys], np.float32)
    places = np.arange(len(keys), dtype=np.int32)
    expected = []
    for number in range(3):
        own = [place for place in range(len(keys)) if keys[place][0] == number]
        expected += sorted(own, key=lambda place: (-keys[place][1], place))[:12]
    assert best_rows(customers, places, scores).tolist() == expected
