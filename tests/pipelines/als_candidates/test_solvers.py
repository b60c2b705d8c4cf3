"""ALS by the solver that the engine under test has, and by `implicit` on either."""

import numpy as np
import pytest
from tests.conftest import rows

from hm_kedro import engine
from hm_kedro.parameters import AlsParameters
from hm_kedro.pipelines.als_candidates import solvers

PAIRS = "customer int, article int, strength float"
ALS = AlsParameters(
    window_days=182,
    half_life_days=15,
    on_sale_days=28,
    rank=4,
    iterations=8,
    alpha=20,
    regularisation=0.01,
    blocks=2,
    seed=1,
)
# Customers 0-5 buy all but one of the articles 10-14, customers 6-11 all but one of 15-19.
TWO_TASTES = [
    (customer, article, 1.0)
    for customer in range(12)
    for article in range(10, 20)
    if (customer < 6) == (article < 15) and (customer + article) % 5 != 0
]


def factors(frame) -> dict[int, np.ndarray]:
    return {key: np.array(values, dtype=np.float64) for key, values in rows(frame)}


@pytest.fixture(scope="module")
def two_tastes(session):
    users, items = solvers.fit(session.createDataFrame(TWO_TASTES, PAIRS), ALS)
    return factors(users), factors(items)


def test_every_customer_and_article_of_the_pairs_has_factors(two_tastes):
    users, items = two_tastes
    assert sorted(users) == list(range(12))
    assert sorted(items) == list(range(10, 20))


def test_factors_are_as_many_as_the_rank(two_tastes):
    assert {len(values) for side in two_tastes for values in side.values()} == {4}


def test_factors_are_finite(two_tastes):
    assert all(np.isfinite(values).all() for side in two_tastes for values in side.values())


def test_the_best_articles_of_a_customer_are_of_the_own_taste(two_tastes):
    users, items = two_tastes
    for customer, wants in users.items():
        scores = {article: wants @ has for article, has in items.items()}
        best_first = sorted(scores, key=scores.__getitem__, reverse=True)
        assert {article < 15 for article in best_first[:4]} == {customer < 6}


def test_an_article_not_yet_bought_is_liked_better_if_it_is_of_the_own_taste(table):
    # Two factors are just enough for two tastes, none is left for what single customers did not buy.
    users, items = map(factors, solvers.fit(table(PAIRS, TWO_TASTES), ALS.model_copy(update={"rank": 2})))
    for customer, wants in users.items():
        own = [wants @ has for article, has in items.items() if (customer < 6) == (article < 15)]
        foreign = [wants @ has for article, has in items.items() if (customer < 6) != (article < 15)]
        assert min(own) > max(foreign)


def test_both_tables_have_a_key_and_an_array_of_floats(table):
    users, items = solvers.fit(table(PAIRS, TWO_TASTES), ALS)
    assert users.dtypes == [("customer", "int"), ("factors", "array<float>")]
    assert items.dtypes == [("article", "int"), ("factors", "array<float>")]


def test_one_pair_is_enough(table):
    users, items = solvers.fit(table(PAIRS, [(3, 8, 0.5)]), ALS)
    assert factors(users)[3] @ factors(items)[8] > 0.5


def test_the_same_seed_gives_the_same_factors(table):
    pairs = table(PAIRS, TWO_TASTES).coalesce(1)
    once, again = solvers.fit(pairs, ALS), solvers.fit(pairs, ALS)
    assert [rows(side) for side in once] == [rows(side) for side in again]


@pytest.mark.parametrize(("has_spark_ml", "chosen"), [(True, "fit_spark_ml"), (False, "fit_implicit")])
def test_an_engine_without_spark_ml_gets_the_solver_implicit(monkeypatch, has_spark_ml, chosen):
    monkeypatch.setattr(engine, "has_spark_ml", lambda: has_spark_ml)
    for name in ("fit_spark_ml", "fit_implicit"):
        monkeypatch.setattr(solvers, name, lambda _pairs, _params, name=name: name)
    assert solvers.fit(None, ALS) == chosen


def solve(pairs: list[tuple[int, int, float]], others: dict[int, np.ndarray], alpha: float, ridge: float) -> np.ndarray:
    """The factors that minimise Hu, Koren and Volinsky's objective for one key, the other side held fixed."""
    strengths = {other: strength for _, other, strength in pairs}
    names = sorted(others)
    matrix = np.array([others[name] for name in names])
    confidence = np.array([1 + alpha * strengths.get(name, 0.0) for name in names])
    preference = np.array([float(name in strengths) for name in names])
    left = matrix.T @ (matrix * confidence[:, None]) + ridge * np.eye(matrix.shape[1])
    return np.linalg.solve(left, matrix.T @ (confidence * preference))


STRENGTHS = [(customer, article, 0.25 + (customer * 7 + article * 3) % 5) for customer, article, _ in TWO_TASTES]
SMALL = ALS.model_copy(update={"rank": 2, "alpha": 3.0, "regularisation": 0.5, "iterations": 3})


def test_confidence_is_one_and_alpha_times_the_strength_in_the_solver_implicit(table):
    users, items = map(factors, solvers.fit_implicit(table(PAIRS, STRENGTHS), SMALL))
    # The articles' factors are solved last, so they are exact for the customers' that are given.
    for article, found in items.items():
        pairs = [(item, user, strength) for user, item, strength in STRENGTHS if item == article]
        assert found == pytest.approx(solve(pairs, users, alpha=3.0, ridge=0.5), abs=1e-3)


def test_confidence_is_one_and_alpha_times_the_strength_in_spark_ml(table):
    if not engine.has_spark_ml():
        pytest.skip("the engine has no Spark ML")
    users, items = map(factors, solvers.fit_spark_ml(table(PAIRS, STRENGTHS), SMALL))
    # Here the customers' come last, and the regularisation is multiplied by the number of pairs.
    for customer, found in users.items():
        pairs = [pair for pair in STRENGTHS if pair[0] == customer]
        assert found == pytest.approx(solve(pairs, items, alpha=3.0, ridge=0.5 * len(pairs)), abs=1e-3)


def test_the_solver_implicit_does_not_depend_on_the_order_of_the_pairs(table):
    straight = solvers.fit_implicit(table(PAIRS, STRENGTHS), ALS)
    turned = solvers.fit_implicit(table(PAIRS, STRENGTHS[::-1]), ALS)
    assert [rows(side) for side in straight] == [rows(side) for side in turned]


def test_factors_that_are_not_finite_do_not_become_rows(session):
    matrix = np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 0.0], [3.0, 4.0]], np.float32)
    kept = solvers._factor_table("customer", np.array([5, 6, 7, 8], np.int32), matrix)
    assert rows(kept) == [(5, [1.0, 2.0]), (8, [3.0, 4.0])]
