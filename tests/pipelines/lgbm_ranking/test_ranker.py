"""The LightGBM model: what it learns from examples, how many trees it has, how it scores."""

import itertools
from collections.abc import Iterable
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_kedro.parameters import BoosterParameters
from hm_kedro.pipelines.lgbm_ranking import ranker
from hm_kedro.pipelines.lgbm_ranking.ranker import (
    TREES_AT_ONCE,
    count_at_once,
    count_boosters,
    feature_matrix,
    group_sizes,
    predict,
    predict_in_blocks,
    train,
)

RANKER = BoosterParameters(
    objective="lambdarank",
    boosters=1,
    boosters_rows=1_000_000,
    trees=10,
    patience=0,
    num_leaves=4,
    learning_rate=0.1,
    min_data_in_leaf=5,
    feature_fraction=1.0,
    bagging_fraction=1.0,
    lambda_l2=0,
    max_bin=63,
    truncation=15,
    num_threads=1,
    seed=1,
)
FIRST, SECOND = 18_507, 18_514  # 2020-09-02 and a week later, in days since 1970
NAMES = ["blend_score", "als_rank", "times_bought", "article_sales"]
SCHEMA = pa.schema(
    [
        ("week", pa.date32()),
        ("customer", pa.int32()),
        ("article", pa.int32()),
        ("bought", pa.int32()),
        *[(name, pa.float32()) for name in NAMES],
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


def trained(lines: Iterable[dict[str, Any]], **changed) -> lgb.Booster:
    return train(examples(lines), RANKER.model_copy(update=changed))


def scores(model: lgb.Booster, **features: list[float]) -> list[float]:
    """The scores of some rows, in whose features what is not named is missing."""
    rows = len(next(iter(features.values())))
    columns = {name: np.array(features.get(name, [np.nan] * rows), np.float32) for name in NAMES}
    found = predict(model, columns)
    assert found.dtype == np.float32
    return found.tolist()


TIMES = list(range(6))


def test_a_customer_of_two_weeks_is_two_groups():
    assert group_sizes(np.array([1, 1, 2]), np.array([7, 7, 7])).tolist() == [2, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=60).map(sorted))
def test_groups_are_as_long_as_their_rows(keys):
    weeks, customers = np.array(keys).T
    assert group_sizes(weeks, customers).tolist() == [len(list(run)) for _, run in itertools.groupby(keys)]


def test_a_missing_feature_is_no_number():
    lines = [{"article": 0, "times_bought": 2}, {"article": 1}]
    matrix = feature_matrix(examples(lines).combine_chunks(), ["times_bought", "als_rank"])
    assert np.array_equal(matrix, np.array([[2, np.nan], [np.nan, np.nan]], np.float32), equal_nan=True)


def test_a_model_knows_the_features_by_name():
    assert trained(repurchases()).feature_name() == NAMES


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg", "binary"])
def test_a_model_learns_that_what_was_often_bought_is_bought_again(objective):
    found = scores(trained(repurchases(), objective=objective), times_bought=TIMES)
    assert max(found) == found[5] > max(found[:5])


def misses() -> list[dict[str, Any]]:
    """Customers who bought none of the articles that they had often bought."""
    return [{"customer": 100 + number, "article": number % 6, "times_bought": 5} for number in range(200)]


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg"])
def test_who_bought_no_candidate_teaches_nothing_about_order(objective):
    lines = repurchases()
    model = trained(lines, objective=objective)
    assert trained([*lines, *misses()], objective=objective).model_to_string() == model.model_to_string()
    assert trained(misses(), objective=objective).num_trees() == 0


def test_who_bought_no_candidate_teaches_how_often_that_is_so():
    often = {"blend_score": [0], "als_rank": [1], "times_bought": [5], "article_sales": [1]}
    (known,) = scores(trained(repurchases(), objective="binary"), **often)
    (unsure,) = scores(trained([*repurchases(), *misses()], objective="binary"), **often)
    assert unsure < known


def test_the_same_seed_gives_the_same_model():
    once, again = (trained(repurchases(), feature_fraction=0.5).model_to_string() for _ in range(2))
    assert once == again


@pytest.mark.parametrize("patience", [0, 3])
def test_the_model_does_not_depend_on_the_order_of_the_examples(patience):
    lines = repurchases() + repurchases(SECOND)
    turned = sorted(lines, key=lambda line: (line["article"], -line["customer"], -line["week"]))
    one, other = (trained(of, patience=patience).model_to_string() for of in (lines, turned))
    assert one == other


def test_a_model_is_trained_on_features_that_are_missing_everywhere():
    model = trained({"article": article, "bought": article % 2} for article in range(20))
    assert np.isfinite(scores(model, times_bought=TIMES)).all()


def test_a_row_with_missing_features_gets_a_score():
    assert np.isfinite(scores(trained(repurchases()), als_rank=[1])).all()


def test_leaves_are_drawn_to_zero_as_asked_for():
    free, drawn = (scores(trained(repurchases(), lambda_l2=penalty), times_bought=[5])[0] for penalty in (0, 1000))
    assert 0 < drawn < free / 2


def test_a_tree_sees_the_share_of_the_examples_that_is_asked_for():
    whole, half = (
        trained(repurchases(), objective="binary", bagging_fraction=share).dump_model()["tree_info"]
        for share in (1.0, 0.5)
    )
    assert {tree["tree_structure"]["internal_count"] for tree in whole} == {240}
    assert all(90 < tree["tree_structure"]["internal_count"] < 150 for tree in half)


def test_only_the_order_of_the_first_places_is_learned_as_asked_for():
    """Of twenty candidates two were bought; with one place pairs without the first of the moment teach nothing."""
    lines = [
        {"customer": customer, "article": article, "times_bought": article, "bought": int(article in (3, 11))}
        for customer in range(10)
        for article in range(20)
    ]
    one, many = (trained(lines, truncation=places).model_to_string() for places in (1, 20))
    assert one.split("parameters:")[0] != many.split("parameters:")[0]


def test_without_patience_there_are_as_many_trees_as_asked_for():
    assert trained(repurchases() + repurchases(SECOND), patience=0).num_trees() == 10


def test_with_one_week_alone_there_are_as_many_trees_as_asked_for():
    assert trained(repurchases(), patience=2).num_trees() == 10


def grid(week: int, best: tuple[int, int]) -> list[dict[str, Any]]:
    """Forty customers with a candidate of every two features from 0 to 2; bought is one of them, the last by number."""
    pairs = [(times, sales) for times in range(3) for sales in range(3)]
    pairs.sort(key=lambda pair: pair == best)
    return [
        {
            "week": week,
            "customer": customer,
            "article": article,
            "times_bought": times,
            "article_sales": sales,
            "bought": int((times, sales) == best),
        }
        for customer in range(40)
        for article, (times, sales) in enumerate(pairs)
    ]


def test_there_are_as_many_trees_as_are_best_on_the_newest_week():
    # A tree of two leaves looks at one feature: two are needed, and no third makes it better.
    model = trained(grid(FIRST, (2, 2)) + grid(SECOND, (2, 2)), patience=3, num_leaves=2)
    assert model.num_trees() == 2


def test_a_newest_week_that_is_unlike_the_older_ones_ends_the_search_at_once():
    model = trained(grid(FIRST, (2, 2)) + grid(SECOND, (0, 0)), patience=3, num_leaves=2)
    assert model.num_trees() == 1


def test_the_newest_week_is_learned_from_in_the_end():
    lines = grid(FIRST, (2, 2)) + grid(SECOND, (2, 2))
    searched = trained(lines, patience=3, num_leaves=2)
    assert searched.model_to_string() == trained(lines, trees=2, num_leaves=2).model_to_string()
    without = trained(grid(FIRST, (2, 2)), trees=2, num_leaves=2)
    assert searched.model_to_string() != without.model_to_string()


def test_the_search_for_the_number_of_trees_goes_no_further_than_asked_for():
    assert trained(grid(FIRST, (2, 2)) + grid(SECOND, (2, 2)), trees=1, patience=3, num_leaves=2).num_trees() == 1


def test_no_examples_give_a_model_without_trees_that_survives_its_text():
    again = lgb.Booster(model_str=trained([]).model_to_string())
    assert again.num_trees() == 0
    assert again.feature_name() == NAMES


def test_a_model_with_trees_does_not_score_by_the_blend():
    model = trained(repurchases())
    assert scores(model, times_bought=[5, 0], blend_score=[1, 9]) == scores(model, times_bought=[5, 0])


def test_features_are_found_by_their_names():
    model = trained(repurchases())
    columns = {name: np.float32([times] * 2) for name, times in zip(NAMES, (3, 4, 5, 0), strict=True)}
    turned = dict(reversed(columns.items())) | {"another": np.float32([7, 7])}
    assert predict(model, turned).tolist() == predict(model, columns).tolist() == scores(model, times_bought=[5, 5])


@pytest.mark.parametrize("objective", ["binary", "lambdarank", "rank_xendcg"])
@pytest.mark.parametrize("trees", [1, TREES_AT_ONCE, 2 * TREES_AT_ONCE + 3])
def test_trees_score_by_the_block_as_all_at_once(objective, trees):
    model = lgb.Booster(model_str=trained(repurchases(), objective=objective, trees=trees).model_to_string())
    matrix = np.random.default_rng(1).uniform(0, 6, (500, len(NAMES))).astype(np.float32)
    matrix[::3] = np.nan
    found, expected = predict_in_blocks(model, matrix), model.predict(matrix)
    assert len(np.unique(found)) > 1
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("objective", ["binary", "lambdarank"])
def test_several_boosters_score_as_the_mean_of_each(objective):
    lines = repurchases() + repurchases(SECOND, liked=3)
    changed = {"objective": objective, "bagging_fraction": 0.5, "feature_fraction": 0.5}
    several = trained(lines, boosters=3, **changed)
    assert several.num_trees() == 30
    matrix = np.random.default_rng(1).uniform(0, 6, (500, len(NAMES))).astype(np.float32)
    matrix[::3] = np.nan
    apart = [trained(lines, seed=seed, **changed).predict(matrix, raw_score=True) for seed in (1, 2, 3)]
    assert not np.allclose(apart[0], apart[1])
    np.testing.assert_allclose(several.predict(matrix, raw_score=True), np.mean(apart, axis=0), rtol=1e-12, atol=1e-14)
    expected = [trained(lines, seed=seed, **changed).predict(matrix, pred_contrib=True) for seed in (1, 2, 3)]
    np.testing.assert_allclose(several.predict(matrix, pred_contrib=True), np.mean(expected, axis=0), atol=1e-9)


def test_several_boosters_are_the_same_again_and_survive_their_text():
    once, again = (trained(repurchases(), boosters=2, bagging_fraction=0.5).model_to_string() for _ in range(2))
    assert once == again == lgb.Booster(model_str=once).model_to_string()


def test_boosters_grown_beside_each_other_are_those_grown_in_turn(monkeypatch):
    monkeypatch.setattr(ranker, "ROWS_A_THREAD", 1)
    in_turn, at_once = (
        trained(repurchases(), boosters=3, bagging_fraction=0.5, num_threads=threads).model_to_string()
        for threads in (1, 3)
    )
    trees = (text.partition("Tree=")[2].partition("parameters:")[0] for text in (in_turn, at_once))
    assert len(set(trees)) == 1


@pytest.mark.parametrize(("rows", "threads"), [(1, 3), (180, 2), (181, 1), (9999, 1)])
def test_threads_that_would_only_wait_are_not_started_and_change_no_tree(monkeypatch, rows, threads):
    """Of 360 examples."""
    asked = trained(grid(FIRST, (2, 2)), num_threads=1).model_to_string()
    monkeypatch.setattr(ranker, "ROWS_A_THREAD", rows)
    found = trained(grid(FIRST, (2, 2)), num_threads=3).model_to_string()
    assert f"[num_threads: {threads}]" in found
    assert found.partition("parameters:")[0] == asked.partition("parameters:")[0]


def test_the_number_of_trees_is_searched_once_for_several_boosters():
    lines = grid(FIRST, (2, 2)) + grid(SECOND, (2, 2))
    assert trained(lines, patience=3, num_leaves=2, boosters=2).num_trees() == 4


@pytest.mark.parametrize(("rows", "wanted", "number"), [(0, 9, 3), (0, 2, 2), (400, 9, 2), (501, 9, 1), (9999, 9, 1)])
def test_of_more_examples_fewer_boosters_are_grown_beside_each_other(rows, wanted, number):
    params = RANKER.model_copy(update={"num_threads": 3, "boosters_rows": 1000})
    assert count_at_once(rows, wanted, params) == number


@pytest.mark.parametrize(("rows", "number"), [(0, 4), (1, 4), (250, 4), (251, 3), (500, 2), (501, 1), (9999, 1)])
def test_of_more_examples_fewer_boosters_are_averaged(rows, number):
    params = RANKER.model_copy(update={"boosters": 4, "boosters_rows": 1000})
    assert count_boosters(rows, params) == number
