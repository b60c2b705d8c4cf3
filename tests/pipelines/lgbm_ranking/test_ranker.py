"""The LightGBM model: what it learns from examples, how it scores."""

import itertools
from collections.abc import Iterable
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import day

from hm_kedro.parameters import RankerParameters
from hm_kedro.pipelines.lgbm_ranking.features import FEATURES
from hm_kedro.pipelines.lgbm_ranking.ranker import feature_matrix, group_sizes, scorer, train

RANKER = RankerParameters(
    objective="lambdarank",
    trees=10,
    num_leaves=4,
    learning_rate=0.1,
    min_data_in_leaf=5,
    feature_fraction=1.0,
    max_bin=63,
    num_threads=1,
    seed=1,
)
FIRST, SECOND = 18_507, 18_514  # 2020-09-02 and a week later, in days since 1970
SCHEMA = pa.schema(
    [
        ("week", pa.date32()),
        ("customer", pa.int32()),
        ("article", pa.int32()),
        ("bought", pa.int32()),
        *[(name, pa.float32()) for name in FEATURES],
    ]
)


def examples(lines: Iterable[dict[str, Any]]) -> pa.Table:
    """Examples of the first week, not bought and with all features missing where nothing else is said."""
    nothing = dict.fromkeys(SCHEMA.names) | {"week": FIRST, "customer": 1, "bought": 0}
    columns = {name: [] for name in SCHEMA.names}
    for line in lines:
        for name, value in (nothing | line).items():
            columns[name].append(value)
    days = pa.array(columns.pop("week"), pa.int32()).cast(pa.date32())
    return pa.table([days, *[pa.array(columns[name], SCHEMA.field(name).type) for name in columns]], schema=SCHEMA)


def repurchases(week: int = FIRST, *, liked: int = 5) -> list[dict[str, Any]]:
    """Forty customers with six candidates: bought is the one that they have bought `liked` times before."""
    return [
        {
            "week": week,
            "customer": customer,
            "article": article,
            "times_bought": (customer + article) % 6,
            "bought": int((customer + article) % 6 == liked),
        }
        for customer in range(40)
        for article in range(6)
    ]


def batch(lines: Iterable[dict[str, Any]]) -> pa.RecordBatch:
    [only] = examples(lines).combine_chunks().to_batches()
    return only


def scores(models: dict[int, lgb.Booster], lines: Iterable[dict[str, Any]]) -> list[float]:
    texts = {week: model.model_to_string() for week, model in models.items()}
    [scored] = scorer(texts)(iter([batch(lines)]))
    return scored.column("score").to_pylist()


CANDIDATES = [{"customer": 99, "article": times, "times_bought": times} for times in range(6)]


def test_the_rows_of_a_customer_and_week_are_a_group():
    assert group_sizes(np.array([1, 1, 1, 2]), np.array([7, 7, 8, 8])).tolist() == [2, 1, 1]


def test_a_customer_of_two_weeks_is_two_groups():
    assert group_sizes(np.array([1, 1, 2]), np.array([7, 7, 7])).tolist() == [2, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=60).map(sorted))
def test_groups_are_as_long_as_their_rows(keys):
    weeks, customers = np.array(keys).T
    assert group_sizes(weeks, customers).tolist() == [len(list(run)) for _, run in itertools.groupby(keys)]


def test_a_missing_feature_is_no_number():
    matrix = feature_matrix(batch([{"article": 0, "times_bought": 2}, {"article": 1}]), ["times_bought", "als_rank"])
    assert np.array_equal(matrix, np.array([[2, np.nan], [np.nan, np.nan]], np.float32), equal_nan=True)


def test_a_model_knows_the_features_by_name():
    assert train(examples(repurchases()), RANKER).feature_name() == list(FEATURES)


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg", "binary"])
def test_a_model_learns_that_what_was_often_bought_is_bought_again(objective):
    model = train(examples(repurchases()), RANKER.model_copy(update={"objective": objective}))
    found = scores({FIRST: model}, CANDIDATES)
    assert max(found) == found[5] > max(found[:5])


def test_a_model_has_as_many_trees_as_asked_for():
    assert train(examples(repurchases()), RANKER).num_trees() == 10


def test_the_same_seed_gives_the_same_model():
    picky = RANKER.model_copy(update={"feature_fraction": 0.5})
    once, again = (train(examples(repurchases()), picky).model_to_string() for _ in range(2))
    assert once == again


def test_the_model_does_not_depend_on_the_order_of_the_examples():
    lines = repurchases() + repurchases(SECOND)
    turned = sorted(lines, key=lambda line: (line["article"], -line["customer"], -line["week"]))
    assert train(examples(turned), RANKER).model_to_string() == train(examples(lines), RANKER).model_to_string()


def test_a_model_is_trained_on_features_that_are_missing_everywhere():
    model = train(examples([{"article": article, "bought": article % 2} for article in range(20)]), RANKER)
    assert np.isfinite(scores({FIRST: model}, CANDIDATES)).all()


def test_a_row_with_missing_features_gets_a_score():
    assert np.isfinite(scores({FIRST: train(examples(repurchases()), RANKER)}, [{"article": 3}])).all()


def test_no_examples_give_a_model_without_trees():
    model = train(examples([]), RANKER)
    assert model.num_trees() == 0
    assert model.feature_name() == list(FEATURES)


def test_a_model_without_trees_survives_its_text():
    again = lgb.Booster(model_str=train(examples([]), RANKER).model_to_string())
    assert again.num_trees() == 0
    assert again.feature_name() == list(FEATURES)


def test_a_model_without_trees_scores_by_reciprocal_rank_fusion():
    lines = [
        {"article": 0, "als_rank": 1, "own_purchases_rank": 2, "bestsellers_rank": 3},
        {"article": 1, "bestsellers_rank": 1},
        {"article": 2, "als_rank": 40, "bestsellers_rank": 50, "als_score": 9},
    ]
    found = scores({FIRST: train(examples([]), RANKER)}, lines)
    assert found == pytest.approx([1 / 61 + 1 / 62 + 1 / 63, 1 / 61, 1 / 100 + 1 / 110])


def test_a_row_is_scored_by_the_model_of_its_week():
    models = {
        FIRST: train(examples(repurchases(liked=5)), RANKER),
        SECOND: train(examples(repurchases(liked=0)), RANKER),
    }
    mixed = [line | {"week": week} for line in CANDIDATES for week in (SECOND, FIRST)]
    found = scores(models, mixed)
    assert found[1::2] == scores({FIRST: models[FIRST]}, CANDIDATES)
    assert found[0::2] == scores({SECOND: models[SECOND]}, [line | {"week": SECOND} for line in CANDIDATES])
    assert int(np.argmax(found[1::2])) == 5
    assert int(np.argmax(found[0::2])) == 0


def test_scored_rows_keep_their_keys_and_order():
    lines = [{"week": SECOND, "customer": 4, "article": 9}, {"customer": 3, "article": 8}]
    empty = train(examples([]), RANKER).model_to_string()
    [scored] = scorer({FIRST: empty, SECOND: empty})(iter([batch(lines)]))
    keys = scored.select(["week", "customer", "article"]).to_pylist()
    assert keys == [
        {"week": day("2020-09-09"), "customer": 4, "article": 9},
        {"week": day("2020-09-02"), "customer": 3, "article": 8},
    ]
    assert scored.schema.field("score").type == pa.float32()


def test_every_batch_is_scored():
    model = train(examples(repurchases()), RANKER)
    together = scores({FIRST: model}, CANDIDATES)
    one_by_one = scorer({FIRST: model.model_to_string()})(batch([line]) for line in CANDIDATES)
    assert [part.column("score").to_pylist() for part in one_by_one] == [[score] for score in together]
