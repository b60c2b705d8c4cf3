"""ALS by the solver that the engine under test has, and by `implicit` on either; judged by customers folded in."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from tests.conftest import rows

from hm_kedro import engine
from hm_kedro.parameters import AlsParameters
from hm_kedro.pipelines.als_candidates import solvers
from hm_kedro.pipelines.als_candidates.fold_in import fold_in

PAIRS = "customer int, article int, strength float"
ALS = AlsParameters(
    window_days=182,
    max_purchases=1000,
    half_life_days=15,
    decay_power=0,
    rarity_power=0,
    history_power=0,
    on_sale_days=28,
    rank=4,
    max_factors=1_000_000,
    factors_a_pair=1_000,
    max_spark_rank=1_000,
    iterations=5,
    alpha=20,
    regularisation=0.01,
    fold_in_regularisation=0.1,
    blocks=2,
    checkpoint_interval=5,
    seed=1,
)
# Customers 0-5 buy all but one of the articles 10-14, customers 6-11 all but one of 15-19.
TWO_TASTES = [
    (customer, article, 1.0)
    for customer in range(12)
    for article in range(10, 20)
    if (customer < 6) == (article < 15) and (customer + article) % 5 != 0
]
# Every customer bought every article, and some more of it; two articles least.
ONE_TASTE = [
    (customer, article, 0.5 + (customer * 7 + article * 3) % 5 / 4) for customer in range(6) for article in range(4)
]


def factors(items) -> dict[int, np.ndarray]:
    return {article: np.array(values, dtype=np.float64) for article, values in rows(items)}


def scores(items: dict[int, np.ndarray], pairs, alpha=ALS.alpha) -> np.ndarray:
    """What every customer of the pairs likes, by article: dot products of their factors, solved for, and the items'."""
    articles = sorted(items)
    matrix = np.array([items[article] for article in articles])
    customers, numbers, strengths = zip(*pairs, strict=True)
    places = np.searchsorted(articles, numbers)
    bought = csr_matrix((alpha * np.array(strengths), (customers, places)), shape=(max(customers) + 1, len(articles)))
    return fold_in(bought, matrix.astype(np.float32), ALS.fold_in_regularisation) @ matrix.T


@pytest.fixture(scope="module")
def two_tastes(session):
    """The factors by the engine's solver, once fitted."""
    return solvers.fit(session.createDataFrame(TWO_TASTES, PAIRS).coalesce(1), ALS)


@pytest.fixture(scope="module")
def items(two_tastes):
    return factors(two_tastes)


def test_every_article_of_the_pairs_has_factors(items):
    assert sorted(items) == list(range(10, 20))


def test_factors_are_as_many_as_the_rank(items):
    assert {len(values) for values in items.values()} == {4}


def test_factors_are_finite(items):
    assert all(np.isfinite(values).all() for values in items.values())


def test_an_article_has_a_key_and_an_array_of_floats(two_tastes):
    assert two_tastes.dtypes == [("article", "int"), ("factors", "array<float>")]


def test_the_best_articles_of_a_customer_are_of_the_own_taste(items):
    for customer, liked in enumerate(scores(items, TWO_TASTES)):
        best = np.argsort(-liked)[:4] + 10
        assert {article < 15 for article in best.tolist()} == {customer < 6}


@pytest.fixture(scope="module")
def liked(session):
    """What customers like by the solver's two factors: just enough for two tastes, none left for single customers."""
    pairs, few = session.createDataFrame(TWO_TASTES, PAIRS), ALS.model_copy(update={"rank": 2})
    chosen = [solvers.fit_spark_ml, solvers.fit_implicit] if engine.has_spark_ml() else [solvers.fit_implicit]
    return [scores(factors(solver(pairs, few)), TWO_TASTES) for solver in chosen]


def test_an_article_not_yet_bought_is_liked_better_if_it_is_of_the_own_taste(liked):
    for customers in liked:
        for customer, likes in enumerate(customers):
            own, foreign = (likes[:5], likes[5:]) if customer < 6 else (likes[5:], likes[:5])
            assert min(own) > max(foreign)


def test_both_solvers_rank_nearly_the_same(liked):
    if not engine.has_spark_ml():
        pytest.skip("the engine has no Spark ML")
    for one_likes, other_likes in zip(*liked, strict=True):
        assert np.corrcoef(one_likes, other_likes)[0, 1] > 0.99
        assert set(np.argsort(-one_likes)[:5].tolist()) == set(np.argsort(-other_likes)[:5].tolist())


def test_one_pair_is_enough(table):
    found = factors(solvers.fit(table(PAIRS, [(3, 8, 0.5)]), ALS))
    assert list(found) == [8]
    assert scores(found, [(0, 8, 0.5)])[0] > 0.5


def test_the_same_seed_gives_the_same_factors(session, two_tastes):
    again = solvers.fit(session.createDataFrame(TWO_TASTES, PAIRS).coalesce(1), ALS)
    assert rows(again) == rows(two_tastes)


def test_the_solver_implicit_does_not_depend_on_the_order_of_the_pairs(table):
    straight, turned = (solvers.fit_implicit(table(PAIRS, pairs), ALS) for pairs in (ONE_TASTE, ONE_TASTE[::-1]))
    assert rows(straight) == rows(turned)


def test_spark_ml_does_not_depend_on_the_order_and_the_partitions_of_the_pairs(table):
    """Not in one bit of a factor: on a cluster shuffles bring the pairs in another order each time."""
    if not engine.has_spark_ml():
        pytest.skip("the engine has no Spark ML")
    uneven = [(customer, article, 1 / (3 + customer + 7 * article)) for customer, article, _ in TWO_TASTES]
    straight, turned = table(PAIRS, uneven), table(PAIRS, uneven[::-1]).repartition(5)
    assert rows(solvers.fit_spark_ml(straight, ALS)) == rows(solvers.fit_spark_ml(turned, ALS))


@pytest.mark.parametrize(("has_spark_ml", "chosen"), [(True, "fit_spark_ml"), (False, "fit_implicit")])
def test_an_engine_without_spark_ml_gets_the_solver_implicit(monkeypatch, has_spark_ml, chosen):
    monkeypatch.setattr(engine, "has_spark_ml", lambda: has_spark_ml)
    for name in ("fit_spark_ml", "fit_implicit"):
        monkeypatch.setattr(solvers, name, lambda _pairs, _params, name=name: name)
    assert solvers.fit(None, ALS) == chosen


def by_definition(pairs, alpha: float, customer_ridge: float, article_ridge: float) -> dict[int, float]:
    """The only factor of each article that minimises Hu, Koren and Volinsky's objective, but for the sign."""
    customers, articles, strengths = (np.array(column) for column in zip(*pairs, strict=True))
    confidence = np.zeros((customers.max() + 1, articles.max() + 1))
    confidence[customers, articles] = 1 + alpha * strengths
    likes = np.ones(confidence.shape[1])
    # All is bought by all, so the preferences are ones throughout.
    for _ in range(200):
        wants = confidence @ likes / (confidence @ likes**2 + customer_ridge)
        likes = confidence.T @ wants / (confidence.T @ wants**2 + article_ridge)
    return dict(enumerate(likes.tolist()))


# So much regularisation that few iterations are enough.
ONE_FACTOR = ALS.model_copy(update={"rank": 1, "alpha": 3.0, "regularisation": 2.0, "iterations": 6})


def test_the_solver_implicit_minimises_the_objective_with_the_mean_number_of_pairs(table):
    found = factors(solvers.fit_implicit(table(PAIRS, ONE_TASTE), ONE_FACTOR))
    # Four pairs a customer.
    expected = by_definition(ONE_TASTE, 3.0, customer_ridge=2.0 * 4, article_ridge=2.0 * 4)
    assert {article: abs(values[0]) for article, values in found.items()} == pytest.approx(expected, abs=1e-3)


def test_spark_ml_minimises_the_objective_with_each_number_of_pairs(table):
    if not engine.has_spark_ml():
        pytest.skip("the engine has no Spark ML")
    found = factors(solvers.fit_spark_ml(table(PAIRS, ONE_TASTE), ONE_FACTOR))
    # Four pairs a customer, six an article.
    expected = by_definition(ONE_TASTE, 3.0, customer_ridge=2.0 * 4, article_ridge=2.0 * 6)
    assert {article: abs(values[0]) for article, values in found.items()} == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("solver", "place"),
    [("fit_implicit", "implicit.als.AlternatingLeastSquares"), ("fit_spark_ml", "pyspark.ml.recommendation.ALS")],
)
def test_factors_that_are_not_finite_do_not_become_rows(monkeypatch, table, solver, place):
    articles = [5, 6, 7, 8]
    matrix = np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 0.0], [3.0, 4.0]], np.float32)
    rows_of_spark = table("id int, features array<float>", list(zip(articles, matrix.tolist(), strict=True)))
    diverged = SimpleNamespace(item_factors=matrix, itemFactors=rows_of_spark)
    diverged.fit = lambda *_, **__: diverged
    monkeypatch.setattr(place, lambda **_: diverged)
    kept = getattr(solvers, solver)(table(PAIRS, [(1, article, 1.0) for article in articles]), ALS)
    assert rows(kept) == [(5, [1.0, 2.0]), (8, [3.0, 4.0])]


@pytest.mark.parametrize(("spark", "rank"), [(True, 16), (False, 100)])
def test_spark_s_solver_has_a_bound_of_its_own(monkeypatch, spark, rank):
    monkeypatch.setattr(engine, "has_spark_ml", lambda: spark)
    assert solvers.bound_rank(ALS.model_copy(update={"rank": 100, "max_spark_rank": 16})) == rank
