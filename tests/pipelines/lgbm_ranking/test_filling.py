"""Lists of twelve: the best of the scored, then what sells to the age group, then what sells."""

import pytest
from tests.conftest import rows
from tests.pipelines.lgbm_ranking.making import NEXT, OLD, WEEK, YOUNG, shop

from hm_kedro.parameters import SalesParameters
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.pipelines.lgbm_ranking.filling import fill_lists, list_fillings

BESTSELLERS = "week date, article int, score float, rank int"
SCORED = "week date, customer int, article int, score float"
HISTORIES = "week date, customer int, age int"
FILLINGS = "week date, age_group int, fill array<struct<article:int,filled_by:string>>"
SALES = SalesParameters(window_days=7, trend_days=35, age_edges=(30,))
OF_GROUP, OF_ALL = "age_bestsellers", "bestsellers"


@pytest.fixture
def fillings(table):
    """What lists are filled with, by week and age group: (article, filled by)."""

    def make(sales, bestsellers, weeks=(WEEK,)):
        best = table(BESTSELLERS, bestsellers)
        made = list_fillings({week: lambda: shop(sales=sales) for week in weeks}, best)
        found = rows(made, "week", "age_group", "fill")
        return {(week, group): [tuple(place) for place in fill] for week, group, fill in found}

    return make


def popular(*articles: int, week=WEEK) -> list[tuple]:
    """The best-selling articles, the best first."""
    return [(week, article, 1.0, place) for place, article in enumerate(articles, 1)]


def test_an_age_group_is_filled_with_its_own_bestsellers_and_then_everybodys(fillings):
    sales = [(0, OLD, 1, 0, 0), (2, OLD, 5, 0, 0), (3, YOUNG, 7, 0, 0)]
    assert fillings(sales, popular(4, 2, 3)[::-1]) == {
        (WEEK, UNKNOWN_AGE): [(4, OF_ALL), (2, OF_ALL), (3, OF_ALL)],
        (WEEK, YOUNG): [(3, OF_GROUP), (4, OF_ALL), (2, OF_ALL)],
        (WEEK, OLD): [(2, OF_GROUP), (0, OF_GROUP), (4, OF_ALL), (3, OF_ALL)],
    }


def test_articles_that_sold_alike_to_a_group_are_ordered_by_number_and_those_not_sold_lately_left_out(fillings):
    sales = [(1, OLD, 2, 0, 0), (3, OLD, 0, 9, 9), (4, OLD, 2, 0, 0)]
    assert fillings(sales, popular(5))[WEEK, OLD] == [(1, OF_GROUP), (4, OF_GROUP), (5, OF_ALL)]


def test_sales_to_customers_of_unknown_age_make_no_group_of_their_own(fillings):
    assert fillings([(1, UNKNOWN_AGE, 9, 0, 0)], popular(5))[WEEK, UNKNOWN_AGE] == [(5, OF_ALL)]


def test_every_week_is_filled_with_its_own_bestsellers(fillings):
    found = fillings([], popular(1, 2) + popular(3, week=NEXT), (WEEK, NEXT))
    assert found[WEEK, YOUNG] == [(1, OF_ALL), (2, OF_ALL)]
    assert found[NEXT, YOUNG] == [(3, OF_ALL)]


def test_no_more_are_listed_than_may_be_needed(fillings):
    found = fillings([], popular(*range(100, 150)))
    assert [article for article, _ in found[WEEK, OLD]] == list(range(100, 124))


@pytest.fixture
def lists(table):
    """Lists by week and customer, (article, score, filled by) in the order of their ranks."""

    def make(scored, served, filling=((WEEK, UNKNOWN_AGE, FULL), (WEEK, YOUNG, FULL), (WEEK, OLD, FULL))):
        made = fill_lists(
            table(SCORED, scored),
            table(HISTORIES, served),
            table(FILLINGS, list(filling)),
            SALES,
        )
        assert made.dtypes == [
            ("week", "date"),
            ("customer", "int"),
            ("article", "int"),
            ("rank", "int"),
            ("score", "float"),
            ("filled_by", "string"),
        ]
        found = {}
        for week, customer, rank, *place in sorted(
            made.select("week", "customer", "rank", "article", "score", "filled_by").collect()
        ):
            found.setdefault((week, customer), []).append(tuple(place))
            assert rank == len(found[week, customer])
        return found

    return make


# Two bestsellers of the group, then everybody's.
FULL = [(50, OF_GROUP), (51, OF_GROUP), *[(article, OF_ALL) for article in range(60, 82)]]
FILLED = [(article, None, by) for article, by in FULL]


def scores(customer: int, of: dict[int, float], week=WEEK) -> list[tuple]:
    return [(week, customer, article, score) for article, score in of.items()]


def test_the_scored_come_first_by_falling_score_and_the_list_is_filled_to_twelve(lists):
    found = lists(scores(1, {7: 0.5, 3: 2.0, 9: -1.0}), [(WEEK, 1, 40)])
    assert found == {(WEEK, 1): [(3, 2, None), (7, 0.5, None), (9, -1, None), *FILLED[:9]]}


def test_scored_alike_come_by_article(lists):
    found = lists(scores(1, {7: 0.5, 3: 0.5, 5: 0.5}), [(WEEK, 1, 40)])
    assert [article for article, _, _ in found[WEEK, 1]][:3] == [3, 5, 7]


def test_of_many_scored_the_best_twelve_are_kept_and_nothing_filled(lists):
    found = lists(scores(1, {article: float(article) for article in range(20)}), [(WEEK, 1, 40)])
    assert found[WEEK, 1] == [(article, article, None) for article in range(19, 7, -1)]


def test_what_fills_is_not_in_the_list_already(lists):
    found = lists(scores(1, {60: 2.0, 50: 1.0}), [(WEEK, 1, 40)])
    assert found[WEEK, 1] == [(60, 2, None), (50, 1, None), FILLED[1], *FILLED[3:12]]


def test_eleven_of_what_fills_may_be_in_the_list_already(lists):
    own = {article: float(100 - article) for article, _ in FULL[:11]}
    assert lists(scores(1, own), [(WEEK, 1, 40)])[WEEK, 1][11] == FILLED[11]


def test_a_customer_without_candidates_has_a_list_of_what_fills(lists):
    assert lists([], [(WEEK, 1, 40)]) == {(WEEK, 1): FILLED[:12]}


def test_lists_are_filled_for_the_age_group_of_their_customer_and_week(lists):
    filling = [
        (WEEK, UNKNOWN_AGE, [(1, OF_ALL)]),
        (WEEK, YOUNG, [(2, OF_GROUP)]),
        (WEEK, OLD, [(3, OF_GROUP)]),
        (NEXT, OLD, [(4, OF_GROUP)]),
    ]
    served = [(WEEK, 1, None), (WEEK, 2, 29), (WEEK, 3, 30), (NEXT, 3, 30)]
    assert lists([], served, filling) == {
        (WEEK, 1): [(1, None, OF_ALL)],
        (WEEK, 2): [(2, None, OF_GROUP)],
        (WEEK, 3): [(3, None, OF_GROUP)],
        (NEXT, 3): [(4, None, OF_GROUP)],
    }


def test_each_customer_of_each_week_has_the_own_list(lists):
    scored = scores(1, {7: 1.0}) + scores(2, {8: 1.0}) + scores(1, {9: 1.0}, NEXT)
    filling = [(week, OLD, FULL) for week in (WEEK, NEXT)]
    found = lists(scored, [(WEEK, 1, 40), (WEEK, 2, 40), (NEXT, 1, 40)], filling)
    assert {key: places[0][0] for key, places in found.items()} == {(WEEK, 1): 7, (WEEK, 2): 8, (NEXT, 1): 9}
    assert {len(places) for places in found.values()} == {12}
