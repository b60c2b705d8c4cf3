"""How articles sell before each target week, by age group, and in the list of bestsellers."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.conftest import day, rows

from hm_kedro.parameters import EvaluationParameters, SalesParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.pipelines.als_candidates.sales import FILLING, count_sales, rank_bestsellers
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int, quantity int"
CUTOFF, JUDGED, LEARNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
FIRST_DAY = day("2020-01-01")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(weeks=1, most_weeks=1, enough_purchases=0, negatives=30, misses=0, max_rows=1000, seed=1)
SALES = SalesParameters(window_days=7, trend_days=28, age_edges=(25, 40))


def line(first_day: date = FIRST_DAY) -> dict[str, Any]:
    eve = CUTOFF - timedelta(days=1)
    days = {"cutoff": CUTOFF, "first_day": first_day, "last_day": eve, "log_end": eve}
    return Timeline(raw_dir="raw", asked_cutoff=None, **days).model_dump(mode="json")


def ago(days: int, week: date = CUTOFF) -> date:
    return week - timedelta(days=days)


# One on either side of each edge, one unknown, one who buys on and after the cutoff only.
AGES = [(1, 24), (2, 25), (3, 39), (4, 40), (5, None), (6, 30)]
LOG = [
    (ago(29), 5, 0, 7),
    (ago(28), 4, 0, 1),
    (ago(8), 3, 0, 4),
    (ago(7), 2, 0, 1),
    (ago(6), 2, 0, 3),
    (ago(2), 5, 0, 1),
    (ago(1), 1, 0, 2),
    (ago(1), 1, 3, 1),
    (CUTOFF, 1, 0, 50),
    (CUTOFF, 6, 0, 50),
    (ago(-3), 4, 8, 50),
]


@pytest.fixture(scope="module")
def counted(session):
    return count_sales(
        session.createDataFrame(LOG, PURCHASES),
        session.createDataFrame(AGES, "customer int, age int"),
        line(),
        SALES,
        ONE_WEEK,
        TRAINING,
    )


@pytest.fixture(scope="module")
def sales(counted):
    """The pieces (lately, before, first) by week, article and age group."""
    return {row[:3]: row[3:] for row in rows(counted)}


def test_the_first_group_ends_before_the_first_edge(sales):
    assert sales[CUTOFF, 0, 0] == (2, 0, 2)


def test_a_group_reaches_from_its_edge_to_the_next(sales):
    # Customers 2 and 3; only the later day of customer 2 is not the first.
    assert sales[CUTOFF, 0, 1] == (1 + 3, 4, 1 + 4)


def test_the_last_group_has_no_end(sales):
    assert sales[CUTOFF, 0, 2] == (0, 1, 1)


def test_unknown_ages_are_a_group_of_their_own(sales):
    assert sales[CUTOFF, 0, UNKNOWN_AGE] == (1, 0, 0)


def test_a_first_day_before_the_counted_days_leaves_no_first_purchases(sales):
    # Customer 5's first day is 29 days before the cutoff and 22 before the judged week.
    assert sales[CUTOFF, 0, UNKNOWN_AGE][2] == 0
    assert sales[JUDGED, 0, UNKNOWN_AGE] == (0, 7, 7)


def test_all_that_was_bought_on_the_first_day_is_counted_as_such(sales):
    assert (sales[CUTOFF, 0, 0][2], sales[CUTOFF, 3, 0]) == (2, (1, 0, 1))


def test_every_week_counts_what_was_sold_before_it_and_nothing_else(sales):
    assert {key[1:]: counts for key, counts in sales.items() if key[0] == JUDGED} == {
        (0, 1): (4, 0, 4),
        (0, 2): (0, 1, 1),
        (0, UNKNOWN_AGE): (0, 7, 7),
    }
    assert {key[1:]: counts for key, counts in sales.items() if key[0] == LEARNED} == {
        (0, 2): (0, 1, 1),
        (0, UNKNOWN_AGE): (0, 7, 7),
    }


def test_purchases_on_or_after_the_cutoff_do_not_count(sales):
    assert {article for _, article, _ in sales} == {0, 3}
    assert sum(counts[0] + counts[1] for (week, _, _), counts in sales.items() if week == CUTOFF) == 13


def test_counts_are_ints(counted):
    names = ("article", "age_group", "lately", "before", "first")
    assert counted.dtypes == [("week", "date"), *((name, "int") for name in names)]


def test_without_edges_all_known_ages_are_one_group(table):
    everybody = SALES.model_copy(update={"age_edges": ()})
    customers = table("customer int, age int", [(1, 16), (2, 90), (3, None)])
    log = table(PURCHASES, [(ago(1), customer, 0, 1) for customer in (1, 2, 3)])
    found = count_sales(log, customers, line(ago(1)), everybody, ONE_WEEK, TRAINING)
    assert rows(found) == [(CUTOFF, 0, UNKNOWN_AGE, 1, 0, 1), (CUTOFF, 0, 0, 2, 0, 2)]


BOUGHT = [
    (ago(100), 1, 6, 1),
    (ago(60), 1, 9, 1),
    (ago(29), 1, 8, 50),
    (ago(28), 1, 7, 1),
    (ago(20), 1, 2, 2),
    (ago(7), 1, 5, 3),
    (ago(1), 1, 2, 1),
    (ago(1), 1, 4, 1),
    (ago(1), 1, 9, 1),
    (CUTOFF, 1, 0, 99),
    (CUTOFF, 1, 59, 99),
]
# Three lately; then one lately: two more in four windows, one more ever, none; in four windows; ever; once, long ago.
SOLD = [5, 2, 9, 4, 7, 8, 6]
NEVER_SOLD = [article for article in range(60) if article not in SOLD]


@pytest.fixture(scope="module")
def bestsellers(session):
    articles = session.createDataFrame([(article,) for article in range(60)], "article int")
    return rank_bestsellers(session.createDataFrame(BOUGHT, PURCHASES), articles, line(), SALES, ONE_WEEK, TRAINING)


@pytest.fixture(scope="module")
def ranked(bestsellers):
    """The articles of each week by their rank, and their scores."""
    lists: dict[date, list[tuple[int, float]]] = {}
    for week, rank, article, score in sorted(rows(bestsellers, "week", "rank", "article", "score")):
        places = lists.setdefault(week, [])
        places.append((article, score))
        assert rank == len(places)
    return lists


def test_articles_are_ranked_by_the_window_then_four_windows_then_ever_then_number(ranked):
    assert [article for article, _ in ranked[CUTOFF]] == (SOLD + NEVER_SOLD)[:FILLING]


def test_the_score_is_the_sales_of_the_window(ranked):
    assert [score for _, score in ranked[CUTOFF][:6]] == [3, 1, 1, 1, 0, 0]


def test_every_week_has_a_full_list_of_its_own_bestsellers(ranked):
    # In the judged week's window nothing was sold; in the four before it 8 and 7 and 2; ever 9 and 6.
    assert {week: len(places) for week, places in ranked.items()} == dict.fromkeys([CUTOFF, JUDGED, LEARNED], FILLING)
    assert ranked[JUDGED][:7] == [(8, 0), (2, 0), (7, 0), (6, 0), (9, 0), (0, 0), (1, 0)]
    # Two pieces of article 2 are of a day before the second week, too, those of 7 and 8 of earlier ones.
    assert ranked[LEARNED][:4] == [(2, 2), (8, 0), (7, 0), (6, 0)]


def test_the_columns_of_bestsellers_have_their_types(bestsellers):
    assert bestsellers.dtypes == [("week", "date"), ("article", "int"), ("score", "float"), ("rank", "int")]


def test_fewer_articles_than_fill_a_list_are_all_ranked(table):
    log = table(PURCHASES, [(ago(1), 1, 2, 1)])
    found = rank_bestsellers(log, table("article int", [(0,), (1,), (2,)]), line(ago(1)), SALES, ONE_WEEK, TRAINING)
    assert rows(found) == [(CUTOFF, 0, 0.0, 2), (CUTOFF, 1, 0.0, 3), (CUTOFF, 2, 1.0, 1)]
