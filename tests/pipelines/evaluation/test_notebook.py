"""The contestant that follows the recipe of a public notebook: its candidates, features, examples and lists."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.conftest import day, rows
from tests.pipelines.lgbm_ranking.making import DAYS, block, line, said
from tests.rankers import RANKER

from hm_kedro.parameters import EvaluationParameters, SalesParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.histories import gather_lines
from hm_kedro.pipelines.als_candidates.proposals import ARTICLE_BITS, MOST_ARTICLES, pair_codes
from hm_kedro.pipelines.als_candidates.sales import rank_bestsellers
from hm_kedro.pipelines.evaluation.notebook import (
    FEATURES,
    UNRANKED,
    Shelf,
    describe,
    follow_notebook,
    list_examples,
    propose,
    read_shelf,
)
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.tables import purchases_in_weeks
from hm_kedro.timeline import Timeline

LOG = "t_dat date, customer int, article int"
PURCHASES = "week date, customer int, article int"
BESTSELLERS = "week date, article int, score float, rank int"
HISTORIES = (
    "week date, customer int, age int, "
    "lines array<struct<article:int,age_days:int,quantity:int,price:float,sales_channel_id:tinyint>>"
)
ARTICLES = ", ".join(["article int", *[f"{name} smallint" for name in ATTRIBUTES]])
CUTOFF, JUDGED, LEARNED, OLDER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02"), day("2020-08-26")
ONE_WEEK, TWO_WEEKS = EvaluationParameters(weeks=1), EvaluationParameters(weeks=2)
TRAINING = TrainingParameters(
    weeks=2, most_weeks=2, enough_purchases=0, negatives=3, misses=0, max_rows=100_000, seed=1
)
SALES = SalesParameters(window_days=7, trend_days=35, age_edges=(30,))
# Of these `num_threads` and `seed` alone are the notebook's.


def timeline(first_day: str = "2020-01-01", log_end: str = "2020-09-15") -> dict[str, Any]:
    last_day = CUTOFF - timedelta(days=1)
    return Timeline(
        raw_dir="raw",
        asked_cutoff=CUTOFF,
        cutoff=CUTOFF,
        first_day=day(first_day),
        last_day=last_day,
        log_end=day(log_end),
    ).model_dump(mode="json")


def shelf(*best: int, **codes: list[float]) -> Shelf:
    """Six articles, of which some sell best; codes by attribute are unknown where nothing is said."""
    unknown = [np.nan] * 6
    known = [codes.get(name, unknown) for name in ATTRIBUTES]
    return Shelf(np.array(known, np.float32).T, {DAYS: np.array(best, np.int32)})


def candidates(of, known: Shelf) -> list[tuple[int, int]]:
    """The candidates' (row, article)."""
    return [(int(pair) >> ARTICLE_BITS, int(pair) & (MOST_ARTICLES - 1)) for pair in propose(of, known)]


def test_candidates_are_the_bestsellers_and_all_that_was_bought_on_the_latest_day():
    bought = block(line(0, 4, age_days=3), line(0, 2, age_days=3), line(0, 3, age_days=4))
    assert candidates(bought, shelf(5, 0)) == [(0, 0), (0, 2), (0, 4), (0, 5)]


def test_a_bestseller_of_the_last_basket_is_one_candidate():
    assert candidates(block(line(0, 4, age_days=3)), shelf(4, 0)) == [(0, 0), (0, 4)]


def test_an_article_bought_twice_on_the_latest_day_is_one_candidate():
    twice = block(line(0, 4, age_days=3, price=0.5), line(0, 4, age_days=3, price=0.25))
    assert candidates(twice, shelf(0)) == [(0, 0), (0, 4)]


def test_every_customer_has_the_own_latest_day():
    bought = block(line(0, 1, age_days=9), line(2, 1, age_days=2), line(2, 3, age_days=9), customers=3)
    assert candidates(bought, shelf(0)) == [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]


def described(of, known: Shelf, *pairs: tuple[int, int]) -> dict[str, Any]:
    """Features of (row, article)."""
    made, articles = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    return describe(of, pair_codes(made, articles), known)


def test_customers_are_described_by_their_age_and_all_pieces_that_they_bought():
    bought = block(line(0, 4, 3, pieces=2), line(0, 1, 50), line(1, 4, 3), customers=3, ages=[25, np.nan, 60])
    columns = described(bought, shelf(0), (0, 0), (1, 0), (2, 0))
    assert said(columns, "customer_age", "customer_purchases") == [(25, 3), (None, 1), (60, 0)]


def test_articles_are_described_by_their_rank_among_the_bestsellers_and_their_codes():
    known = shelf(3, 1, section=[7, 8, 9, np.nan, 0, 0], index=[1, 2, 1, 2, 1, 2])
    columns = described(block(), known, (0, 1), (0, 2), (0, 3))
    assert said(columns, "bestseller_rank", "section", "index", "department") == [
        (2, 8, 2, None),
        (UNRANKED, 9, 1, None),
        (1, None, 2, None),
    ]


def test_a_candidate_is_described_by_how_many_pieces_of_it_the_customer_bought():
    bought = block(line(0, 4, 3, pieces=2), line(0, 4, 50), line(1, 2, 3), customers=2)
    columns = described(bought, shelf(0), (0, 2), (0, 4), (1, 2), (1, 4))
    assert said(columns, "article_times_bought") == [(0,), (3,), (1,), (0,)]


def test_the_features_are_those_of_the_recipe():
    columns = described(block(), shelf(0), (0, 0))
    assert tuple(columns) == FEATURES
    assert set(FEATURES) == {
        "customer_age",
        "bestseller_rank",
        *ATTRIBUTES,
        "customer_purchases",
        "article_times_bought",
    }


# Articles 0 to 29; 0 to 19 sell best in every week, in this order.
KNOWN = [(number, *[number % 3 if name == "section" else None for name in ATTRIBUTES]) for number in range(30)]
BEST = [(week, place, 9.0, place + 1) for week in (CUTOFF, JUDGED, LEARNED, OLDER) for place in reversed(range(20))]


def history(week: date, customer: int, *lines: tuple[int, int], age: int | None = 40) -> tuple:
    """A row of `histories`; lines of article and age in days."""
    return week, customer, age, [(*bought, 1, 0.5, 1) for bought in lines]


@pytest.fixture
def examples(table):
    """Rows that are learned from of some weeks, by histories and a log."""

    def make(histories, log, *weeks):
        known = read_shelf(table(ARTICLES, KNOWN), table(BESTSELLERS, BEST))
        return list_examples(table(HISTORIES, histories), table(LOG, log), list(weeks), lambda: known)

    return make


def test_examples_are_the_candidates_and_what_was_bought_whether_a_candidate_or_not(examples):
    told = [history(LEARNED, 1, (25, 3), (26, 9))]
    log = [(LEARNED, 1, 5), (LEARNED, 1, 25), (LEARNED + timedelta(days=6), 1, 28), (LEARNED, 1, 28)]
    found = sorted(rows(examples(told, log, LEARNED), "week", "customer", "article", "bought"))
    bought = {5, 25, 28}
    assert found == [(LEARNED, 1, article, int(article in bought)) for article in (*range(12), 25, 28)]


def test_what_was_bought_before_or_after_the_week_is_no_positive(examples):
    log = [(LEARNED, 1, 5), (LEARNED - timedelta(days=1), 1, 6), (JUDGED, 1, 7)]
    made = examples([history(LEARNED, 1)], log, LEARNED)
    assert sorted(rows(made, "article", "bought")) == [(article, int(article == 5)) for article in range(12)]


def test_examples_are_of_the_buyers_of_each_week_by_the_weeks_own_history(examples):
    told = [history(LEARNED, 1, (25, 3)), history(OLDER, 1, (26, 3)), history(OLDER, 2), history(JUDGED, 2)]
    made = examples(told, [(LEARNED, 1, 0), (OLDER, 1, 0), (OLDER, 3, 0), (JUDGED, 2, 0)], LEARNED, OLDER)
    of_history = made.where("article > 11").select("week", "customer", "article", "customer_purchases")
    assert rows(of_history) == [(OLDER, 1, 26, 1.0), (LEARNED, 1, 25, 1.0)]
    assert rows(made.select("week", "customer").distinct()) == [(OLDER, 1), (LEARNED, 1)]


def test_examples_carry_the_features_and_their_types(examples):
    made = examples([history(LEARNED, 1, (25, 3), age=None)], [(LEARNED, 1, 29)], LEARNED)
    keys = [("week", "date"), ("customer", "int"), ("article", "int"), ("bought", "int")]
    assert made.dtypes == [*keys, *[(name, "float") for name in FEATURES]]
    found = rows(made.where("article > 10"), "article", "bestseller_rank", "section", "article_times_bought")
    assert found == [(11, 12.0, 2.0, 0.0), (25, 999.0, 1.0, 1.0), (29, 999.0, 2.0, 0.0)]


LOYAL, TRENDY = "loyal", "trendy"
CUSTOMERS = 40


def own(customer: int) -> int:
    """What a customer bought last."""
    return 20 + customer % 5


def lessons(week: date, taste: str, customers: int = CUSTOMERS) -> list[tuple]:
    """Purchases of a week: of the loyal what they had bought last, of the trendy the twelfth of the bestsellers."""
    return [(week, customer, own(customer) if taste == LOYAL else 11) for customer in range(customers)]


def told(*weeks: date, customers: int = CUSTOMERS) -> list[tuple]:
    """Histories: the last basket of one article, and one bought before it."""
    return [history(week, customer, (own(customer), 3), (25, 8)) for week in weeks for customer in range(customers)]


@pytest.fixture
def lists(table):
    """The lists by week and customer, of a log, histories and the judged weeks' purchases."""

    def make(log, histories, bought, saved=None, evaluation=ONE_WEEK, **changed):
        made = follow_notebook(
            purchases=table(PURCHASES, list(bought)),
            histories=table(HISTORIES, histories),
            bestsellers=table(BESTSELLERS, BEST),
            articles=table(ARTICLES, KNOWN),
            transactions=table(LOG, log),
            timeline=saved or timeline(),
            evaluation=evaluation,
            training=TRAINING.model_copy(update=changed),
            ranker_params=RANKER,
        )
        assert made.dtypes == [("week", "date"), ("customer", "int"), ("article", "int"), ("rank", "int")]
        return by_customer(made)

    return make


def by_customer(made) -> dict[tuple[date, int], list[int]]:
    """Each buyer's articles by rank, which has no gaps."""
    found: dict[tuple[date, int], list[int]] = {}
    for week, customer, rank, article in sorted(rows(made, "week", "customer", "rank", "article")):
        found.setdefault((week, customer), []).append(article)
        assert rank == len(found[week, customer])
    return found


def test_a_list_is_ordered_by_what_was_bought_in_the_weeks_before(lists):
    weeks = told(JUDGED, LEARNED)
    loyal = lists(lessons(LEARNED, LOYAL), weeks, [(JUDGED, 3, 0), (JUDGED, 4, 0)])
    assert {key: articles[0] for key, articles in loyal.items()} == {(JUDGED, 3): 23, (JUDGED, 4): 24}
    trendy = lists(lessons(LEARNED, TRENDY), weeks, [(JUDGED, 3, 0)])
    assert trendy[JUDGED, 3][0] == 11


def test_a_list_has_the_best_twelve_of_the_candidates_and_nothing_else(lists):
    found = lists(lessons(LEARNED, LOYAL), told(JUDGED, LEARNED), [(JUDGED, 3, 29)])
    assert len(found[JUDGED, 3]) == 12
    assert set(found[JUDGED, 3]) < {*range(12), 23}


def test_what_the_model_cannot_tell_apart_comes_by_article(lists):
    # One customer is too few for a tree with more than one leaf.
    few = lists([(LEARNED, 1, 0)], told(JUDGED, LEARNED), [(JUDGED, 3, 0)])
    assert few[JUDGED, 3] == list(range(12))


def test_buyers_alone_have_lists(lists):
    found = lists(lessons(LEARNED, LOYAL), told(CUTOFF, JUDGED, LEARNED), [(JUDGED, 3, 0), (JUDGED, 3, 1)])
    assert list(found) == [(JUDGED, 3)]


def test_the_cutoffs_week_has_lists_where_it_is_judged(lists):
    bought, weeks = [(CUTOFF, 3, 0), (JUDGED, 3, 0)], told(CUTOFF, JUDGED, LEARNED)
    log = lessons(LEARNED, LOYAL) + lessons(JUDGED, TRENDY)
    found = lists(log, weeks, bought, timeline(log_end="2020-09-22"), weeks=1)
    assert {week: articles[0] for (week, _), articles in found.items()} == {JUDGED: 23, CUTOFF: 11}
    assert list(lists(log, weeks, bought, weeks=1)) == [(JUDGED, 3)]


def test_no_more_weeks_are_learned_from_than_asked_for(lists):
    weeks = told(JUDGED, LEARNED, OLDER)
    log = lessons(LEARNED, LOYAL, customers=20) + lessons(OLDER, TRENDY)
    assert lists(log, weeks, [(JUDGED, 3, 0)], weeks=1)[JUDGED, 3][0] == 23
    assert lists(log, weeks, [(JUDGED, 3, 0)], weeks=2)[JUDGED, 3][0] == 11


@pytest.mark.parametrize(("max_rows", "first"), [(1, 23), (779, 23), (780, 11)])
def test_older_weeks_are_left_out_where_rows_are_too_many_and_the_newest_never(lists, max_rows, first):
    # Thirteen candidates of each of 20 and 40 customers.
    log = lessons(LEARNED, LOYAL, customers=20) + lessons(OLDER, TRENDY)
    found = lists(log, told(JUDGED, LEARNED, OLDER), [(JUDGED, 3, 0)], max_rows=max_rows)
    assert found[JUDGED, 3][0] == first


def test_a_week_before_which_there_is_no_other_has_no_lists(lists):
    # The older week ends before the log begins.
    bought, weeks = [(JUDGED, 3, 0), (LEARNED, 3, 0)], told(JUDGED, LEARNED)
    log = lessons(LEARNED, LOYAL)
    found = lists(log, weeks, bought, timeline(first_day="2020-08-27"), evaluation=TWO_WEEKS)
    assert list(found) == [(JUDGED, 3)]
    assert lists(log, weeks, bought, timeline(first_day="2020-09-05")) == {}


def test_a_week_before_which_nobody_bought_has_no_lists(lists):
    assert lists([], told(JUDGED, LEARNED), [(JUDGED, 3, 0)]) == {}


def test_lists_do_not_depend_on_the_order_of_rows(lists):
    log = lessons(LEARNED, LOYAL) + lessons(OLDER, TRENDY, customers=30)
    weeks, bought = told(JUDGED, LEARNED, OLDER), [(JUDGED, customer, 0) for customer in range(CUSTOMERS)]
    turned = [(*row[:3], row[3][::-1]) for row in reversed(weeks)]
    assert lists(log[::-1], turned, bought[::-1]) == lists(log, weeks, bought)


# Twelve customers, each of whom buys an article every third day of nine weeks.
LIVELY = [
    (CUTOFF - timedelta(days=back), customer, (customer * 7 + back * 3) % 30)
    for back in range(1, 64)
    for customer in range(12)
    if (customer + back) % 3 == 0
]


def on(first: date) -> list[tuple]:
    """Purchases that all customers make on a day and the six after it."""
    return [(first + timedelta(days=ahead), customer, 29) for ahead in range(7) for customer in range(12)]


@pytest.fixture
def from_log(table):
    """The tables of a log that the notebook reads, made as als_candidates makes them."""
    weeks = [CUTOFF - timedelta(days=7 * back) for back in range(1, 5)]

    def make(log):
        transactions = table(f"{LOG}, price float, sales_channel_id tinyint, quantity int", log_lines(log))
        articles = table(ARTICLES, KNOWN)
        customers = table("customer int, age int", [(number, 20 + number) for number in range(12)])
        targets = table("week date, customer int", [(week, number) for week in weeks for number in range(12)])
        return {
            "histories": gather_lines(targets, transactions, customers, weeks, 365),
            "bestsellers": rank_bestsellers(transactions, articles, timeline(), SALES, TWO_WEEKS, TRAINING),
            "articles": articles,
            "transactions": transactions,
        }

    return make


def log_lines(log: list[tuple]) -> list[tuple]:
    return [(*bought, 0.5, 1, 1) for bought in log]


def followed(tables) -> dict[tuple[date, int], list[int]]:
    """The lists of two judged weeks."""
    return by_customer(
        follow_notebook(
            purchases=purchases_in_weeks(tables["transactions"], [JUDGED, LEARNED]),
            **tables,
            timeline=timeline(),
            evaluation=TWO_WEEKS,
            training=TRAINING,
            ranker_params=RANKER,
        )
    )


def test_purchases_in_or_after_a_week_change_nothing_of_its_lists(from_log):
    as_it_was = followed(from_log(LIVELY))
    assert {week for week, _ in as_it_was} == {JUDGED, LEARNED}
    assert followed(from_log(LIVELY + on(JUDGED))) == as_it_was
    # They change those of weeks after it.
    later = followed(from_log(LIVELY + on(LEARNED)))
    changed = {week for week, customer in as_it_was if later[week, customer] != as_it_was[week, customer]}
    assert changed == {JUDGED}


def test_purchases_in_or_after_a_week_change_no_feature_of_it(from_log):
    def features(log) -> dict[tuple, tuple]:
        tables = from_log(log)
        known = read_shelf(tables["articles"], tables["bestsellers"])
        made = list_examples(tables["histories"], tables["transactions"], [LEARNED], lambda: known)
        return {row[:3]: row[3:] for row in rows(made, "week", "customer", "article", *FEATURES)}

    as_it_was = features(LIVELY)
    assert features(LIVELY + on(JUDGED)) == as_it_was
    more = features(LIVELY + on(LEARNED))
    # What is bought in the week is added, and described by what was before.
    assert {article for _, _, article in more.keys() - as_it_was.keys()} == {29}
    assert {key: more[key] for key in as_it_was} == as_it_was
    assert features(LIVELY + on(OLDER)) != as_it_was
