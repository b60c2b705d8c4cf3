"""AP@12 and recall against their literal definitions, the other measures by hand."""

from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import day, rows

from hm_kedro.pipelines.evaluation.catalogue import Catalogue
from hm_kedro.pipelines.evaluation.metrics import ACCURACY, LISTS, score_lists
from hm_kedro.timeline import week_days

PURCHASES = "week date, customer int, article int, spent double"
HISTORIES = "week date, customer int, lines array<struct<article int>>"
LISTED = "contestant string, week date, customer int, article int, rank int"
WEEK, NEXT = day("2020-09-02"), day("2020-09-09")
WIDTH = 50
CATALOGUE = Catalogue(
    surprise=np.arange(WIDTH) / 10,
    sold=np.ones(WIDTH, bool),
    decile=np.ones(WIDTH, np.int32),
    head=np.arange(WIDTH) < 5,
    new=np.arange(WIDTH) % 10 == 3,
    codes=np.stack([np.arange(WIDTH) // 2, np.arange(WIDTH) // 10], axis=1).astype(np.int32),
)
ON_THE_ENGINE = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def average_precision(bought: set[int], predicted: list[int]) -> float:
    """Kaggle's definition, letter by letter."""
    total = 0.0
    for k in range(1, min(len(predicted), 12) + 1):
        precision_at_k = len(bought & set(predicted[:k])) / k
        relevant_at_k = predicted[k - 1] in bought
        total += precision_at_k * relevant_at_k
    return total / min(len(bought), 12)


@pytest.fixture
def score_all(table):
    """The scores of all contestants in both weeks."""

    def score(purchases, lists, contestants=("ranker",), histories=()):
        days = [week_days(week) for week in (WEEK, NEXT)]
        return score_lists(
            table(PURCHASES, [row if len(row) == 4 else (*row, None) for row in purchases]),
            table(LISTED, lists),
            table(HISTORIES, list(histories)),
            dict.fromkeys(days, contestants),
            dict.fromkeys(days, partial(lambda catalogue: catalogue, CATALOGUE)),
        )

    return score


@pytest.fixture
def scored(score_all):
    """Each customer's scores, from what they bought and what was predicted, both by customer."""

    def score(bought, predicted, *columns):
        purchases = [(WEEK, customer, article) for customer, articles in bought.items() for article in articles]
        lists = [
            ("ranker", WEEK, customer, article, rank)
            for customer, articles in predicted.items()
            for rank, article in enumerate(articles, 1)
        ]
        return rows(score_all(purchases, lists), "customer", *columns)

    return score


@ON_THE_ENGINE
@given(
    weeks=st.lists(
        st.tuples(
            st.sets(st.integers(0, 25), min_size=1, max_size=20), st.lists(st.integers(0, 25), unique=True, max_size=18)
        ),
        min_size=1,
        max_size=25,
    )
)
def test_scores_are_those_of_the_literal_definition(scored, weeks):
    # One more customer, so that the contestant is known even where all lists are empty.
    bought = {customer: truth for customer, (truth, _) in enumerate(weeks)} | {99: {0}}
    predicted = {customer: articles for customer, (_, articles) in enumerate(weeks)} | {99: [0]}
    found = {customer: values for customer, *values in scored(bought, predicted, "ap12", "recall12", "hits")}
    assert found.keys() == bought.keys()
    for customer, truth in bought.items():
        hits = len(truth & set(predicted[customer][:12]))
        expected = [average_precision(truth, predicted[customer]), hits / len(truth), hits]
        assert found[customer] == pytest.approx(expected, abs=1e-12)


def test_a_list_that_copies_the_truth_scores_one(scored):
    assert scored({1: [3, 4, 5]}, {1: [5, 3, 4]}, "ap12", "recall12") == [(1, 1.0, 1.0)]


def test_twelve_of_fifteen_bought_score_one_but_recall_four_fifths(scored):
    assert scored({1: range(15)}, {1: range(12)}, "ap12", "recall12") == [(1, 1.0, 0.8)]


def test_a_hit_counts_by_the_precision_at_its_rank(scored):
    # Hits at ranks 2 and 4: (1/2 + 2/4) / 2.
    assert scored({1: [3, 4]}, {1: [9, 3, 8, 4]}, "ap12") == [(1, 0.5)]


def test_a_list_without_a_hit_scores_nothing(scored):
    assert scored({1: [3]}, {1: [4]}, "hits", "ap12", "recall12") == [(1, 0, 0.0, 0.0)]


def test_a_buyer_without_a_list_scores_nothing(scored):
    assert scored({1: [3], 2: [3]}, {1: [3]}, "bought", "hits", "ap12", "recall12") == [
        (1, 1, 1, 1.0, 1.0),
        (2, 1, 0, 0.0, 0.0),
    ]


def test_articles_past_the_twelfth_do_not_count(scored):
    assert scored({1: [12]}, {1: range(13)}, "hits", "ap12", "recall12") == [(1, 0, 0.0, 0.0)]


def test_customers_who_bought_nothing_are_left_out(scored):
    assert scored({1: [3]}, {1: [3], 2: [3]}, "hits") == [(1, 1)]


def test_a_list_of_another_week_does_not_count(score_all):
    lists = [("ranker", WEEK, 1, 3, 1), ("ranker", NEXT, 1, 3, 1)]
    assert rows(score_all([(WEEK, 1, 3), (NEXT, 1, 4)], lists), "week", "ap12") == [(WEEK, 1.0), (NEXT, 0.0)]


def test_every_contestant_is_scored_for_every_buyer(score_all):
    lists = [("als", WEEK, 1, 3, 1), ("ranker", WEEK, 2, 9, 1), ("ranker", WEEK, 2, 4, 2)]
    scores = score_all([(WEEK, 1, 3), (WEEK, 2, 4)], lists, ["als", "ranker"])
    assert rows(scores, "contestant", "customer", "ap12") == [
        ("als", 1, 1.0),
        ("als", 2, 0.0),
        ("ranker", 1, 0.0),
        ("ranker", 2, 0.5),
    ]


def test_lists_of_no_contestant_of_the_week_are_left_out(score_all):
    scores = score_all([(WEEK, 1, 3)], [("stranger", WEEK, 1, 3, 1), ("ranker", WEEK, 1, 3, 1)])
    assert rows(scores, "contestant") == [("ranker",)]


def test_gains_fall_with_the_place_and_the_first_hit_counts(scored):
    # Hits at places 2 and 4 of two bought.
    found = scored({1: [3, 4]}, {1: [9, 3, 8, 4]}, "precision12", "ndcg12", "mrr12", "hit12")
    gain = (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3))
    assert found == [(1, 2 / 12, pytest.approx(gain), 0.5, 1.0)]


def test_the_share_of_revenue_counts_what_was_paid_for_hits(score_all):
    purchases = [(WEEK, 1, 3, 0.25), (WEEK, 1, 4, 0.75), (WEEK, 1, 5, None)]
    scores = score_all(purchases, [("ranker", WEEK, 1, 4, 1), ("ranker", WEEK, 1, 5, 2)])
    assert rows(scores, "hits", "revenue12") == [(2, 0.75)]


def test_where_no_price_is_known_there_is_no_share_of_revenue(scored):
    assert scored({1: [3]}, {1: [3]}, "revenue12") == [(1, None)]


def test_lists_are_measured_whatever_was_bought(score_all):
    lists = [("ranker", WEEK, 1, article, rank) for rank, article in enumerate([2, 3, 13, 24], 1)]
    scores = score_all([(WEEK, 1, 40)], lists, histories=[(WEEK, 1, [(24,), (30,)])])
    # Of the six pairs one shares both values, none the first alone, none the second alone.
    expected = (0.2 + 0.3 + 1.3 + 2.4) / 4, 1 - 1 / 6, 0.5, 0.5, 0.25
    assert rows(scores, "listed", *LISTS) == [(4, *map(pytest.approx, expected))]


def test_a_list_of_one_has_no_diversity_and_no_list_nothing(score_all):
    scores = score_all([(WEEK, 1, 40), (WEEK, 2, 40)], [("ranker", WEEK, 1, 3, 1)])
    assert rows(scores, "customer", "listed", *LISTS) == [
        (1, 1, pytest.approx(0.3), None, 0.0, 1.0, 0.0),
        (2, 0, None, None, None, None, None),
    ]


def test_the_columns_of_scores_have_their_types(score_all):
    assert score_all([], []).dtypes == [
        ("contestant", "string"),
        ("week", "date"),
        ("customer", "int"),
        ("bought", "int"),
        ("listed", "int"),
        ("hits", "int"),
        *[(name, "double") for name in (*ACCURACY, *LISTS)],
    ]
