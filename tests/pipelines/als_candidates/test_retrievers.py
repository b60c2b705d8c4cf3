"""What each retriever proposes."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from tests.conftest import day, rows

from hm_kedro.parameters import (
    AlsRetriever,
    BestsellersRetriever,
    OwnPurchasesRetriever,
    RetrievalParameters,
)
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS, RetrievalInputs, als, bestsellers, own_purchases

PURCHASES = "t_dat date, customer int, article int"
USERS = "week date, customer int, factors array<float>"
ITEMS = "week date, article int, factors array<float>, on_sale boolean"
FIRST, SECOND = day("2020-09-02"), day("2020-09-09")
OWN = OwnPurchasesRetriever(top=50, window_days=100, half_life_days=10)
BEST = BestsellersRetriever(top=12, window_days=7)
ALS = AlsRetriever(top=50)
GROUPS = {"als": ALS, "own_purchases": OWN, "bestsellers": BEST}


def ago(days: int, week: date = FIRST) -> date:
    return week - timedelta(days=days)


@pytest.fixture
def inputs(table) -> Callable[..., RetrievalInputs]:
    """Inputs of the first week with one target, customer 1, where nothing else is said."""

    def make(purchases, targets=((FIRST, 1),), articles=range(3), users=(), items=(), weeks=(FIRST,)):
        return RetrievalInputs(
            weeks=list(weeks),
            transactions=table(PURCHASES, list(purchases)),
            targets=table("week date, customer int", list(targets)),
            articles=table("article int", [(article,) for article in articles]),
            user_factors=table(USERS, list(users)),
            item_factors=table(ITEMS, list(items)),
        )

    return make


def test_every_retriever_has_parameters_of_its_name():
    assert list(RETRIEVERS) == list(RetrievalParameters.model_fields) == list(GROUPS)


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_retriever_gives_the_same_columns_and_types_as_the_others(inputs, name):
    assert RETRIEVERS[name](inputs([]), GROUPS[name]).dtypes == [
        ("week", "date"),
        ("customer", "int"),
        ("article", "int"),
        ("score", "float"),
        ("rank", "int"),
    ]


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_retriever_serves_its_target_customers_only(inputs, name):
    given = inputs(
        [(ago(1), customer, 0) for customer in (1, 2)],
        users=[(FIRST, customer, [1.0]) for customer in (1, 2)],
        items=[(FIRST, 0, [1.0], True)],
    )
    assert {customer for (customer,) in rows(RETRIEVERS[name](given, GROUPS[name]), "customer")} == {1}


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_customer_is_served_in_the_weeks_of_which_it_is_a_target(inputs, name):
    given = inputs(
        [(ago(1), 1, 0), (ago(1), 2, 0)],
        targets=[(FIRST, 1), (SECOND, 2)],
        users=[(week, customer, [1.0]) for week in (FIRST, SECOND) for customer in (1, 2)],
        items=[(week, 0, [1.0], True) for week in (FIRST, SECOND)],
        weeks=[FIRST, SECOND],
    )
    proposed = RETRIEVERS[name](given, GROUPS[name]).where("article = 0")
    assert rows(proposed, "week", "customer") == [(FIRST, 1), (SECOND, 2)]


@pytest.mark.parametrize("name", RETRIEVERS)
def test_purchases_of_the_target_week_or_later_change_nothing(inputs, name):
    earlier = [(ago(3), 1, 0), (ago(2), 2, 1), (ago(1), 1, 1)]
    later = [(FIRST, 1, 2), (FIRST, 2, 2), (ago(-1), 1, 0), (ago(-6), 2, 0), (ago(-7), 1, 2), (ago(-400), 1, 1)]
    factors = {"users": [(FIRST, 1, [1.0])], "items": [(FIRST, 0, [1.0], True)]}
    cut = RETRIEVERS[name](inputs(earlier, **factors), GROUPS[name])
    whole = RETRIEVERS[name](inputs(earlier + later, **factors), GROUPS[name])
    assert rows(cut)
    assert rows(whole) == rows(cut)


def test_own_purchases_count_half_after_each_half_life(inputs):
    given = inputs([(ago(10), 1, 0), (ago(20), 1, 0), (ago(10), 1, 1)])
    assert rows(own_purchases.retrieve(given, OWN)) == [(FIRST, 1, 0, 0.75, 1), (FIRST, 1, 1, 0.5, 2)]


def test_an_article_bought_twice_on_a_day_counts_twice(inputs):
    given = inputs([(ago(10), 1, 0)] * 2)
    assert rows(own_purchases.retrieve(given, OWN), "article", "score") == [(0, 1.0)]


def test_own_purchases_of_equal_score_are_ranked_by_article(inputs):
    given = inputs([(ago(10), 1, article) for article in (2, 0, 1)])
    assert rows(own_purchases.retrieve(given, OWN), "article", "rank") == [(0, 1), (1, 2), (2, 3)]


def test_own_purchases_older_than_the_window_are_not_proposed(inputs):
    given = inputs([(ago(100), 1, 0), (ago(101), 1, 1)])
    assert rows(own_purchases.retrieve(given, OWN), "article") == [(0,)]


def test_only_the_best_own_purchases_are_proposed(inputs):
    given = inputs([(ago(30), 1, 0), (ago(10), 1, 1), (ago(20), 1, 2)])
    two = OWN.model_copy(update={"top": 2})
    assert rows(own_purchases.retrieve(given, two), "article", "rank") == [(1, 1), (2, 2)]


def test_a_customer_without_purchases_has_no_own_proposals(inputs):
    assert rows(own_purchases.retrieve(inputs([(ago(1), 2, 0)]), OWN)) == []


def test_own_purchases_are_aged_to_each_week_anew(inputs):
    given = inputs([(ago(3), 1, 0)], targets=[(FIRST, 1), (SECOND, 1)], weeks=[FIRST, SECOND])
    halved = OWN.model_copy(update={"half_life_days": 1.0})
    assert rows(own_purchases.retrieve(given, halved), "week", "score") == [(FIRST, 2**-3), (SECOND, 2**-10)]


def best(inputs, purchases, articles=range(3), params=BEST) -> list[int]:
    ranked = rows(bestsellers.rank_bestsellers(inputs(purchases, articles=articles), params), "rank", "article")
    ordered = sorted(ranked)
    assert [rank for rank, _ in ordered] == list(range(1, len(ordered) + 1))
    return [article for _, article in ordered]


def test_bestsellers_are_ranked_by_the_sales_of_the_window(inputs):
    assert best(inputs, [(ago(7), 1, 2), (ago(1), 2, 2), (ago(1), 1, 1), (ago(8), 1, 0)]) == [2, 1, 0]


def test_bestsellers_of_equal_sales_are_ranked_by_the_sales_of_four_windows(inputs):
    assert best(inputs, [(ago(1), 1, 0), (ago(1), 1, 1), (ago(28), 2, 1), (ago(29), 2, 0)]) == [1, 0, 2]


def test_bestsellers_equal_in_four_windows_are_ranked_by_the_sales_ever(inputs):
    assert best(inputs, [(ago(29), 1, 1), (ago(300), 1, 2), (ago(301), 2, 2)]) == [2, 1, 0]


def test_bestsellers_of_equal_sales_ever_are_ranked_by_number(inputs):
    assert best(inputs, [(ago(1), 1, 2), (ago(1), 1, 1)]) == [1, 2, 0]


def test_unsold_articles_fill_the_bestsellers_up(inputs):
    assert best(inputs, [(ago(1), 1, 13)], articles=range(20)) == [13, *range(11)]


def test_a_shop_with_fewer_articles_than_asked_for_has_them_all_as_bestsellers(inputs):
    assert best(inputs, []) == [0, 1, 2]


def test_the_score_of_a_bestseller_is_its_sales_of_the_window(inputs):
    given = inputs([(ago(1), 1, 0), (ago(1), 1, 0), (ago(7), 2, 0), (ago(8), 2, 0), (ago(8), 2, 1)])
    assert rows(bestsellers.rank_bestsellers(given, BEST)) == [
        (FIRST, 0, 3.0, 1),
        (FIRST, 1, 0.0, 2),
        (FIRST, 2, 0.0, 3),
    ]


def test_each_week_has_bestsellers_of_its_own(inputs):
    given = inputs([(ago(1), 1, 0), (FIRST, 1, 1), (FIRST, 2, 1)], articles=range(2), weeks=[FIRST, SECOND])
    assert rows(bestsellers.rank_bestsellers(given, BEST)) == [
        (FIRST, 0, 1.0, 1),
        (FIRST, 1, 0.0, 2),
        (SECOND, 0, 0.0, 2),
        (SECOND, 1, 2.0, 1),
    ]


def test_every_target_customer_gets_all_bestsellers(inputs):
    given = inputs([(ago(1), 9, 1)], targets=[(FIRST, 1), (FIRST, 2)], articles=range(2))
    assert rows(bestsellers.retrieve(given, BEST)) == [
        (FIRST, 1, 0, 0.0, 2),
        (FIRST, 1, 1, 1.0, 1),
        (FIRST, 2, 0, 0.0, 2),
        (FIRST, 2, 1, 1.0, 1),
    ]


def test_als_proposes_articles_on_sale_only(inputs):
    given = inputs(
        [],
        users=[(FIRST, 1, [1.0, 0.0])],
        items=[(FIRST, 0, [9.0, 0.0], False), (FIRST, 1, [0.5, 1.0], True), (FIRST, 2, [0.75, 0.0], True)],
    )
    assert rows(als.retrieve(given, ALS)) == [(FIRST, 1, 1, 0.5, 2), (FIRST, 1, 2, 0.75, 1)]


def test_als_proposes_articles_that_the_customer_has_already_bought(inputs):
    given = inputs([(ago(1), 1, 0)], users=[(FIRST, 1, [1.0])], items=[(FIRST, 0, [1.0], True)])
    assert rows(als.retrieve(given, ALS), "article") == [(0,)]


def test_als_proposes_no_more_than_its_top(inputs):
    items = [(FIRST, article, [float(article)], True) for article in range(5)]
    given = inputs([], users=[(FIRST, 1, [1.0])], items=items)
    assert rows(als.retrieve(given, AlsRetriever(top=2)), "article", "rank") == [(3, 2), (4, 1)]


def test_als_proposes_nothing_to_a_customer_without_factors(inputs):
    assert rows(als.retrieve(inputs([], items=[(FIRST, 0, [1.0], True)]), ALS)) == []
