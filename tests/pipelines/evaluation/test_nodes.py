"""The truth, the exposure of articles, and the mean scores."""

import numpy as np
import pytest
from tests.conftest import day, rows
from tests.pipelines.evaluation.making import CUTOFF, EARLIER, JUDGED, line

from hm_kedro.parameters import ComparisonParameters, EvaluationParameters
from hm_kedro.pipelines.evaluation.catalogue import Catalogue
from hm_kedro.pipelines.evaluation.contestants import CONTESTANTS
from hm_kedro.pipelines.evaluation.metrics import MEANS
from hm_kedro.pipelines.evaluation.nodes import (
    collect_purchases,
    measure_exposure,
    score_customers,
    spread,
    summarise_metrics,
)
from hm_kedro.schemas import ATTRIBUTES

LOG = "t_dat date, customer int, article int, price double"
LISTS = "contestant string, week date, customer int, article int, rank int"
SALES = "week date, article int, age_group int, lately int, before int"
ARTICLES = "article int, first_day date, product int, " + ", ".join(f"`{name}` smallint" for name in ATTRIBUTES)
SCORES = "contestant string, week date, customer int, " + ", ".join(f"{name} double" for name in MEANS)
ONE_WEEK, TWO_WEEKS = EvaluationParameters(weeks=1), EvaluationParameters(weeks=2)
COMPARISON = ComparisonParameters(resamples=100, seed=1, head_share=0.8, new_days=28)


def truth(table, log, later=(), timeline=None):
    found = collect_purchases(table(LOG, log), table(LOG, list(later)), timeline or line(), ONE_WEEK)
    return rows(found, "week", "customer", "article", "spent")


def test_the_truth_is_what_was_bought_in_the_judged_weeks_and_what_was_paid_for_it(table):
    log = [(EARLIER, 1, 0, 9.0), (JUDGED, 1, 1, 0.5), (day("2020-09-15"), 2, 2, 0.25), (day("2020-09-15"), 2, 2, 0.5)]
    assert truth(table, log) == [(JUDGED, 1, 1, 0.5), (JUDGED, 2, 2, 0.75)]


def test_of_pieces_of_which_no_price_is_known_nothing_is_known_to_be_paid(table):
    assert truth(table, [(JUDGED, 1, 1, None)]) == [(JUDGED, 1, 1, None)]


def test_the_cutoffs_week_is_judged_where_the_log_reaches_to_its_end(table):
    later = [(CUTOFF, 1, 5, 0.5), (day("2020-09-22"), 1, 6, 0.5), (day("2020-09-23"), 1, 7, 0.5)]
    found = truth(table, [(JUDGED, 1, 1, 0.5)], later, line(log_end="2020-09-22"))
    assert sorted(found) == [(JUDGED, 1, 1, 0.5), (CUTOFF, 1, 5, 0.5), (CUTOFF, 1, 6, 0.5)]


def test_the_cutoffs_week_is_not_judged_where_the_log_ends_before_it_does(table):
    later = [(CUTOFF, 1, 5, 0.5), (day("2020-09-21"), 1, 6, 0.5)]
    assert truth(table, [(JUDGED, 1, 1, 0.5)], later, line(log_end="2020-09-21")) == [(JUDGED, 1, 1, 0.5)]


def test_a_log_without_a_judged_week_has_no_truth(table):
    assert truth(table, [(day("2020-09-15"), 1, 1, 0.5)], timeline=line(first_day="2020-09-15")) == []


@pytest.fixture
def articles(table):
    """Four articles; the last is new, the others are old."""
    firsts = [day("2020-01-01"), day("2020-08-11"), day("2020-08-12"), None]
    return table(
        ARTICLES, [(place, first, place, *[place % 2] * len(ATTRIBUTES)) for place, first in enumerate(firsts)]
    )


def test_every_contestant_is_scored_and_those_from_outside_where_they_have_lists(table, articles):
    purchases = table("week date, customer int, article int, spent double", [(JUDGED, 1, 3, 0.5), (EARLIER, 1, 3, 0.5)])
    lists = [("als", JUDGED, 1, 3, 2), ("rival", JUDGED, 1, 3, 1)]
    histories = table("week date, customer int, lines array<struct<article int>>", [(JUDGED, 1, [])])
    scores = score_customers(
        purchases,
        table(LISTS, lists),
        histories,
        articles,
        table(SALES, [(JUDGED, 0, 1, 2, 1)]),
        line(),
        COMPARISON,
        TWO_WEEKS,
    )
    found = {row[:2]: row[2] for row in rows(scores, "contestant", "week", "ap12")}
    assert set(found) == {(name, week) for name in CONTESTANTS for week in (JUDGED, EARLIER)} | {("rival", JUDGED)}
    assert {key: value for key, value in found.items() if value} == {("als", JUDGED): 0.5, ("rival", JUDGED): 1.0}


def test_exposure_is_over_what_was_sold_lately_and_what_is_listed(table, articles):
    lists = [("als", JUDGED, customer, 0, 1) for customer in range(3)] + [("als", JUDGED, 0, 3, 2)]
    lists += [("als", JUDGED, 0, 1, 13), ("ranker", JUDGED, 0, 2, 1), ("ranker", JUDGED, 0, 0, 2)]
    sales = table(SALES, [(JUDGED, 0, 1, 2, 1), (JUDGED, 2, 1, 0, 1), (EARLIER, 1, 1, 1, 1)])
    found = measure_exposure(table(LISTS, lists), articles, sales, line(), COMPARISON, ONE_WEEK)
    assert found == {
        # On 3, 1 and 0 lists of articles 0, 3 and 2.
        "als": {"2020-09-09": {"coverage": pytest.approx(2 / 3), "gini": pytest.approx(0.5)}},
        "ranker": {"2020-09-09": {"coverage": 1.0, "gini": pytest.approx(0.0)}},
    }


def test_one_article_on_all_lists_is_the_least_even_exposure():
    width = 1000
    catalogue = Catalogue(*[np.ones(width, bool)] * 6)
    lists = np.zeros(width)
    lists[7] = 50
    assert spread(lists, catalogue) == {"coverage": 0.001, "gini": pytest.approx(0.999)}


def scores(table, rows_of):
    """Scores of which AP@12 and recall@12 are given, and of the others nothing is known."""
    nothing = dict.fromkeys(MEANS)
    made = [
        (contestant, week, customer, *(nothing | {"ap12": ap, "recall12": recall}).values())
        for contestant, week, customer, ap, recall in rows_of
    ]
    return table(SCORES, made)


HONEST = [{"check": "all is well", "found": 0, "expected": 0}]


def test_metrics_are_means_of_the_weeks_means_and_what_is_unknown_is_left_out(table):
    given = [("als", JUDGED, 1, 1.0, 0.5), ("als", JUDGED, 2, 0.0, 0.0), ("als", EARLIER, 1, 0.25, 1.0)]
    exposure = {"als": {"2020-09-09": {"gini": 0.5}, "2020-09-02": {"gini": 1.0}}}
    assert summarise_metrics(scores(table, given), exposure, HONEST, line(), TWO_WEEKS) == {
        "weeks": ["2020-09-09", "2020-09-02"],
        "buyers": {"2020-09-09": 2, "2020-09-02": 1},
        "honesty_checks": 1,
        "contestants": {
            "als": {
                "map12": 0.375,
                "recall12": 0.625,
                "gini": 0.75,
                "by_week": {
                    "2020-09-09": {"map12": 0.5, "recall12": 0.25, "gini": 0.5},
                    "2020-09-02": {"map12": 0.25, "recall12": 1.0, "gini": 1.0},
                },
            }
        },
    }


def test_contestants_stand_in_their_order_and_those_from_outside_after_them(table):
    given = [(name, JUDGED, 1, 0.0, 0.0) for name in ("zeta", "ranker", "alpha", "als")]
    metrics = summarise_metrics(scores(table, given), {}, HONEST, line(), ONE_WEEK)
    assert list(metrics["contestants"]) == ["als", "ranker", "alpha", "zeta"]


def test_the_cutoffs_week_comes_first_where_it_is_judged(table):
    metrics = summarise_metrics(scores(table, []), {}, HONEST, line(log_end="2020-09-22"), ONE_WEEK)
    assert metrics["weeks"] == ["2020-09-16", "2020-09-09"]


def test_no_scores_give_no_contestants(table):
    metrics = summarise_metrics(scores(table, []), {}, HONEST, line(first_day="2020-09-15"), ONE_WEEK)
    assert metrics == {"weeks": [], "buyers": {}, "honesty_checks": 1, "contestants": {}}
