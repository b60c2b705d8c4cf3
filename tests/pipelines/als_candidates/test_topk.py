"""The best articles by the dot product of factors."""

import hypothesis.extra.numpy as npst
import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import day, rows

from hm_kedro.pipelines.als_candidates.topk import BLOCK, _scorer, best_articles, top_k

USERS = "week date, customer int, factors array<float>"
ITEMS = "week date, article int, factors array<float>"
FIRST, SECOND = day("2020-09-02"), day("2020-09-09")
ON_THE_ENGINE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Small whole numbers: many ties, and dot products that are exact in any order of summation.
WHOLE = st.integers(-3, 3).map(float)
FACTORS = st.lists(WHOLE, min_size=3, max_size=3)


def brute_force(scores: np.ndarray, top: int) -> list[list[int]]:
    columns = np.arange(scores.shape[1])
    return [np.lexsort((columns, -row))[:top].tolist() for row in scores]


def noise(rows: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)


@given(
    scores=npst.arrays(np.float32, npst.array_shapes(min_dims=2, max_dims=2, max_side=20), elements=WHOLE),
    top=st.integers(1, 25),
)
def test_the_top_columns_are_those_of_a_full_sort_with_ties_by_column(scores, top):
    assert top_k(scores, top).tolist() == brute_force(scores, top)


@given(scores=npst.arrays(np.float32, (3, 40), elements=st.floats(-1, 1, width=32)), top=st.integers(1, 39))
def test_the_top_columns_of_any_scores_are_those_of_a_full_sort(scores, top):
    assert top_k(scores, top).tolist() == brute_force(scores, top)


def test_equal_scores_are_ranked_by_the_lowest_columns():
    assert top_k(np.zeros((2, 100), np.float32), 3).tolist() == [[0, 1, 2], [0, 1, 2]]


def test_ties_at_the_last_place_go_to_the_lowest_columns():
    assert top_k(np.array([[5, 1, 9, 1, 1, 1]], np.float32), 3).tolist() == [[2, 0, 1]]


def test_a_top_wider_than_the_scores_gives_every_column():
    assert top_k(np.array([[1, 3, 2]], np.float32), 12).tolist() == [[1, 2, 0]]


def test_a_top_as_wide_as_the_scores_gives_every_column():
    assert top_k(np.array([[1, 3, 3]], np.float32), 3).tolist() == [[1, 2, 0]]


def test_the_best_articles_have_the_highest_dot_products(table):
    users = table(USERS, [(FIRST, 7, [1.0, 2.0])])
    items = table(ITEMS, [(FIRST, 0, [1.0, 0.0]), (FIRST, 1, [0.0, 1.0]), (FIRST, 2, [1.0, 1.0])])
    assert rows(best_articles(users, items, 2)) == [(FIRST, 7, 1, 2.0, 2), (FIRST, 7, 2, 3.0, 1)]


def test_articles_of_equal_score_are_ranked_by_number_whatever_the_order_of_the_table(table):
    users = table(USERS, [(FIRST, 7, [1.0])])
    items = table(ITEMS, [(FIRST, article, [2.0]) for article in (30, 10, 20, 5)])
    assert rows(best_articles(users, items, 3), "article", "rank") == [(10, 2), (20, 3), (5, 1)]


def test_a_week_with_fewer_articles_than_asked_for_gives_them_all(table):
    users = table(USERS, [(FIRST, 7, [1.0])])
    items = table(ITEMS, [(FIRST, 3, [-1.0])])
    assert rows(best_articles(users, items, 50)) == [(FIRST, 7, 3, -1.0, 1)]


def test_a_customer_gets_articles_and_factors_of_the_same_week(table):
    users = table(USERS, [(FIRST, 7, [1.0]), (SECOND, 7, [2.0])])
    items = table(ITEMS, [(FIRST, 0, [1.0]), (SECOND, 1, [5.0])])
    assert rows(best_articles(users, items, 5)) == [(FIRST, 7, 0, 1.0, 1), (SECOND, 7, 1, 10.0, 1)]


def test_a_week_without_articles_gives_no_rows(table):
    users = table(USERS, [(FIRST, 7, [1.0]), (SECOND, 7, [2.0])])
    assert rows(best_articles(users, table(ITEMS, [(SECOND, 1, [5.0])]), 5), "week") == [(SECOND,)]


def test_no_articles_at_all_give_no_rows(table):
    assert rows(best_articles(table(USERS, [(FIRST, 7, [1.0])]), table(ITEMS, []), 5)) == []


def test_no_customers_give_no_rows(table):
    assert rows(best_articles(table(USERS, []), table(ITEMS, [(FIRST, 0, [1.0])]), 5)) == []


def test_the_columns_and_types_are_those_of_a_retriever(table):
    best = best_articles(table(USERS, []), table(ITEMS, []), 5)
    assert best.dtypes == [
        ("week", "date"),
        ("customer", "int"),
        ("article", "int"),
        ("score", "float"),
        ("rank", "int"),
    ]


@ON_THE_ENGINE
@given(
    users=st.dictionaries(st.tuples(st.sampled_from([FIRST, SECOND]), st.integers(0, 9)), FACTORS, max_size=12),
    items=st.dictionaries(st.tuples(st.sampled_from([FIRST, SECOND]), st.integers(0, 20)), FACTORS, max_size=30),
    top=st.integers(1, 12),
)
def test_the_best_articles_are_those_of_a_full_sort(table, users, items, top):
    expected = []
    for (week, customer), wants in users.items():
        scores = {article: float(np.dot(wants, has)) for (of_week, article), has in items.items() if of_week == week}
        best = sorted(scores, key=lambda article: (-scores[article], article))[:top]
        expected += [(week, customer, article, scores[article], rank) for rank, article in enumerate(best, 1)]
    user_factors = table(USERS, [(*key, factors) for key, factors in users.items()])
    item_factors = table(ITEMS, [(*key, factors) for key, factors in items.items()])
    assert rows(best_articles(user_factors, item_factors, top)) == sorted(expected, key=str)


def factor_table(session, key: str, factors: np.ndarray):
    columns = {
        "week": pa.array([FIRST] * len(factors), pa.date32()),
        key: pa.array(np.arange(len(factors), dtype=np.int32)),
        "factors": pa.array(list(factors), pa.list_(pa.float32())),
    }
    return session.createDataFrame(pa.table(columns))


def test_a_customer_has_the_same_scores_alone_and_among_seven_hundred(session):
    users = factor_table(session, "customer", noise(700, 64, seed=1))
    items = factor_table(session, "article", noise(333, 64, seed=2))
    together = rows(best_articles(users, items, 20).where("customer in (0, 255, 256, 699)"))
    alone = [best_articles(users.where(f"customer = {number}"), items, 20) for number in (0, 255, 256, 699)]
    assert len(together) == 4 * 20
    assert together == sorted((row for frame in alone for row in rows(frame)), key=str)


def user_batch(customers: np.ndarray, factors: np.ndarray) -> pa.RecordBatch:
    weeks = pa.array([0] * len(customers), pa.int32()).cast(pa.date32())
    lists = pa.array(list(factors), pa.list_(pa.float32()))
    return pa.RecordBatch.from_arrays(
        [weeks, pa.array(customers.astype(np.int32)), lists], names=["week", "customer", "factors"]
    )


def test_a_customer_has_the_same_scores_wherever_in_a_batch():
    factors = noise(700, 64, seed=3)
    score = _scorer({0: (np.arange(501, dtype=np.int32), noise(501, 64, seed=4))}, 30)

    def results(order: np.ndarray) -> dict[int, list[tuple]]:
        table = pa.Table.from_batches(score(iter([user_batch(order, factors[order])])))
        found: dict[int, list[tuple]] = {}
        for row in table.to_pylist():
            found.setdefault(row["customer"], []).append((row["article"], row["score"], row["rank"]))
        return found

    straight = results(np.arange(700))
    assert results(np.arange(700)[::-1]) == straight
    assert results(np.random.default_rng(5).permutation(700)[:77]).items() <= straight.items()


def test_more_customers_than_a_block_are_all_served_once():
    score = _scorer({0: (np.arange(3, dtype=np.int32), noise(3, 4, seed=8))}, 1)
    customers = np.arange(2 * BLOCK + 1)
    blocks = score(iter([user_batch(customers, noise(len(customers), 4, seed=9))]))
    assert [number for block in blocks for number in block.column("customer").to_pylist()] == customers.tolist()


def test_finite_factors_give_finite_scores():
    score = _scorer({0: (np.arange(40, dtype=np.int32), noise(40, 8, seed=10))}, 50)
    [block] = score(iter([user_batch(np.arange(3), np.vstack([noise(2, 8, seed=11), np.zeros((1, 8))]))]))
    assert np.isfinite(block.column("score").to_numpy()).all()


def test_scores_that_are_equal_once_saved_are_in_the_order_of_the_articles(table):
    week = day("2020-09-16")
    users = table("week date, customer int, factors array<float>", [(week, 1, [1.0, 2.0**-20])])
    items = table("week date, article int, factors array<float>", [(week, 0, [1.0, 0.0]), (week, 1, [1.0, 2.0**-10])])
    best = sorted(rows(best_articles(users, items, 2), "rank", "article", "score"))
    assert best == [(1, 0, 1.0), (2, 1, 1.0)]
