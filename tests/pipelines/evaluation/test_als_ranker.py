"""The ranker on ALS's candidates alone."""

import pyarrow as pa
from tests.conftest import day

from hm_kedro.parameters import BoosterParameters
from hm_kedro.pipelines.evaluation.als_ranker import train_on_als
from hm_kedro.pipelines.lgbm_ranking.ranker import feature_matrix

WEEKS = [day("2020-09-02"), day("2020-09-09")]
RANKER = BoosterParameters(
    objective="binary",
    boosters=1,
    boosters_rows=1_000_000,
    trees=20,
    patience=5,
    num_leaves=7,
    learning_rate=0.3,
    min_data_in_leaf=2,
    feature_fraction=1,
    bagging_fraction=1,
    lambda_l2=0,
    max_bin=63,
    truncation=12,
    num_threads=1,
    seed=1,
)


def examples(others: float | None = None) -> pa.Table:
    """Of each customer four candidates, of which ALS proposed three; the first of them was bought."""
    lines = []
    for week in WEEKS:
        for customer in range(30):
            for place in range(4):
                by_als = place < 3
                lines.append(
                    {
                        "week": week,
                        "customer": customer,
                        "article": place,
                        "bought": int(place == 0),
                        "blend_score": others if others is not None else float(place),
                        "retrievers": 1.0 if others is None else others,
                        "als_score": 1.0 - place if by_als else None,
                        "als_rank": 1.0 + place if by_als else None,
                        "own_purchases_rank": others if others is not None else 4.0 - place,
                        "article_sales": float(customer),
                    }
                )
    return pa.Table.from_pylist(lines)


def test_it_learns_from_what_als_proposed_and_sees_nothing_of_other_retrievers():
    booster = train_on_als(examples(), RANKER, 20)
    assert booster.feature_name() == ["als_score", "als_rank", "article_sales"]
    assert booster.model_to_string() == train_on_als(examples(others=7.0), RANKER, 20).model_to_string()
    alone = examples().filter(pa.compute.is_valid(examples()["als_rank"]))
    assert booster.model_to_string() == train_on_als(alone, RANKER, 20).model_to_string()


def test_it_grows_as_many_boosters_of_as_many_trees_as_the_ranker():
    # Of all examples one booster fewer is averaged than of those of ALS.
    params = RANKER.model_copy(update={"boosters": 3, "boosters_rows": 2 * examples().num_rows})
    assert train_on_als(examples(), params, 14).num_trees() == 14


def test_it_learns_what_als_knows():
    booster = train_on_als(examples(), RANKER, 20)
    scores = booster.predict(feature_matrix(examples().slice(0, 3), booster.feature_name()))
    assert scores[0] > scores[1]


def test_without_examples_it_has_no_trees():
    assert train_on_als(examples().slice(0, 0), RANKER, 20).num_trees() == 0
