"""Which articles are bought by the same customers, by hand."""

import numpy as np
import pytest

from hm_kedro.parameters import RelatedParameters
from hm_kedro.pipelines.als_candidates.proposals import MOST_ROWS
from hm_kedro.pipelines.als_candidates.related import relate

TYPES = {
    "article": np.int32,
    "related": np.int32,
    "similarity": np.float32,
    "customers": np.int32,
    "rank": np.int32,
}
# Customer, article, age in days: two half-lives are 20 days.
LOG = [(1, 10, 10), (1, 20, 20), (2, 10, 10), (2, 20, 10), (3, 20, 10)]


def parameters(**changes):
    values = {
        "window_days": 100,
        "max_purchases": 1000,
        "half_life_days": 10,
        "history_power": 0,
        "popularity_power": 0,
        "min_customers": 1,
        "neighbours": 10,
    }
    return RelatedParameters(**values | changes)


def related(purchases, **changes):
    customers, articles, age_days = (np.int32(column) for column in zip(*purchases, strict=True))
    return relate(customers, articles, age_days, parameters(**changes))


def pairs(purchases, *names, **changes):
    found = related(purchases, **changes)
    return list(zip(*(found[name].tolist() for name in ("article", "related", *names)), strict=True))


def similarities(purchases, **changes):
    return {(one, other): score for one, other, score in pairs(purchases, "similarity", **changes)}


def test_similarity_is_how_much_of_an_articles_weight_goes_with_the_other():
    # Weights of 10: 1/2, 1/2, 0; of 20: 1/4, 1/2, 1/2. Product 3/8; squares 1/2 and 9/16.
    assert similarities(LOG) == pytest.approx({(10, 20): 3 / 4, (20, 10): 2 / 3})


def test_beside_many_articles_a_purchase_says_less():
    # Weights of 10: 1/4, 1/4, 0; of 20: 1/8, 1/4, 1/2. Product 3/32; squares 1/8 and 21/64.
    assert similarities(LOG, history_power=1) == pytest.approx({(10, 20): 3 / 4, (20, 10): 2 / 7})


def test_at_a_popularity_power_of_one_half_it_is_the_cosine():
    cosine = (3 / 32) / (1 / 8 * 21 / 64) ** 0.5
    found = similarities(LOG, history_power=1, popularity_power=0.5)
    assert found == pytest.approx({(10, 20): cosine, (20, 10): cosine})


def test_at_a_popularity_power_of_one_the_other_article_divides():
    found = similarities(LOG, history_power=1, popularity_power=1)
    assert found == pytest.approx({(10, 20): 2 / 7, (20, 10): 3 / 4})


def test_customers_are_those_who_bought_both():
    assert pairs(LOG, "customers") == [(10, 20, 2), (20, 10, 2)]


def test_pairs_of_too_few_customers_are_left_out():
    log = [*LOG, (1, 30, 10), (3, 40, 10)]
    assert pairs(log, "customers", min_customers=2) == [(10, 20, 2), (20, 10, 2)]
    assert set(pairs(log)) == {(10, 20), (10, 30), (20, 10), (20, 30), (20, 40), (30, 10), (30, 20), (40, 20)}


def test_an_article_is_not_related_to_itself():
    assert all(one != other for one, other in pairs(LOG))


def test_the_best_neighbours_are_kept():
    # 1 is bought with 2 by both customers, with 3 and 4 by one.
    log = [(1, 1, 10), (1, 2, 10), (1, 3, 10), (2, 1, 10), (2, 2, 10), (2, 4, 20)]
    of_one = [(other, place) for one, other, place in pairs(log, "rank", neighbours=2) if one == 1]
    assert of_one == [(2, 1), (3, 2)]


def test_ties_go_to_the_lower_article():
    log = [(1, 9, 10), (1, 4, 10), (1, 6, 10), (1, 2, 10)]
    assert [(other, place) for one, other, place in pairs(log, "rank") if one == 4] == [(2, 1), (6, 2), (9, 3)]


def test_pairs_come_by_article_and_rank():
    found = pairs([(1, 9, 10), (1, 4, 10), (2, 9, 10), (2, 6, 30)], "rank")
    assert found == [(4, 9, 1), (6, 9, 1), (9, 4, 1), (9, 6, 2)]


def test_more_articles_than_are_looked_at_together_are_all_related():
    # Customer n bought articles n and n + 1.
    last = MOST_ROWS + 20
    log = [(customer, customer + step, 10) for customer in range(last) for step in (0, 1)]
    expected = [(n, n + step) for n in range(last + 1) for step in (-1, 1) if 0 <= n + step <= last]
    found = pairs(log, "similarity", "customers")
    assert [(one, other) for one, other, *_ in found] == expected
    # Those at the ends have one customer, all others two.
    assert {(score, both) for one, _, score, both in found if one in (0, last)} == {(1.0, 1)}
    assert {(score, both) for one, _, score, both in found if 0 < one < last} == {(0.5, 1)}


def test_columns_have_the_types_of_the_table():
    assert {name: values.dtype for name, values in related(LOG).items()} == TYPES


@pytest.mark.parametrize(
    ("purchases", "min_customers"), [([(1, 10, 5)], 1), ([(1, 10, 5), (1, 20, 5)], 2), ([(1, 10, 5), (2, 20, 5)], 1)]
)
def test_without_a_pair_columns_are_empty_and_of_the_same_types(purchases, min_customers):
    found = related(purchases, min_customers=min_customers)
    assert {name: (values.dtype, len(values)) for name, values in found.items()} == {
        name: (kind, 0) for name, kind in TYPES.items()
    }
