"""The truth, the contestants' lists and their mean scores."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import day, rows

from hm_kedro.parameters import AlsRetriever, EvaluationParameters, HistoryRetriever, RetrievalParameters, Retriever
from hm_kedro.pipelines.evaluation.nodes import (
    collect_purchases,
    fill,
    line_up_contestants,
    score_customers,
    summarise_metrics,
)
from hm_kedro.timeline import Timeline

LOG = "t_dat date, customer int, article int"
PURCHASES = "week date, customer int, article int"
LISTS = "week date, customer int, article int, rank int"
BESTSELLERS = "week date, article int, score float, rank int"
SCORES = "contestant string, week date, customer int, bought int, hits int, ap12 double, recall12 double"
CUTOFF, JUDGED, EARLIER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
ONE_WEEK, TWO_WEEKS = EvaluationParameters(weeks=1), EvaluationParameters(weeks=2)
ON_THE_ENGINE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def line(log_end: str = "2020-09-15", first_day: str = "2020-01-01") -> dict[str, Any]:
    return Timeline(
        raw_dir="raw",
        asked_cutoff=CUTOFF,
        cutoff=CUTOFF,
        first_day=day(first_day),
        last_day=CUTOFF - timedelta(days=1),
        log_end=day(log_end),
    ).model_dump(mode="json")


def test_the_truth_is_what_was_bought_in_the_judged_weeks(table):
    log = table(LOG, [(EARLIER, 1, 0), (JUDGED, 1, 1), (day("2020-09-15"), 2, 2), (day("2020-09-15"), 2, 2)])
    truth = collect_purchases(log, table(LOG, []), line(), ONE_WEEK)
    assert rows(truth) == [(JUDGED, 1, 1), (JUDGED, 2, 2)]


def test_the_cutoffs_week_is_judged_where_the_log_reaches_to_its_end(table):
    later = table(LOG, [(CUTOFF, 1, 5), (day("2020-09-22"), 1, 6), (day("2020-09-23"), 1, 7)])
    truth = collect_purchases(table(LOG, [(JUDGED, 1, 1)]), later, line(log_end="2020-09-22"), ONE_WEEK)
    assert sorted(rows(truth)) == [(JUDGED, 1, 1), (CUTOFF, 1, 5), (CUTOFF, 1, 6)]


def test_the_cutoffs_week_is_not_judged_where_the_log_ends_before_it_does(table):
    later = table(LOG, [(CUTOFF, 1, 5), (day("2020-09-21"), 1, 6)])
    truth = collect_purchases(table(LOG, [(JUDGED, 1, 1)]), later, line(log_end="2020-09-21"), ONE_WEEK)
    assert rows(truth) == [(JUDGED, 1, 1)]


def test_a_log_without_a_judged_week_has_no_truth(table):
    log = table(LOG, [(day("2020-09-15"), 1, 1)])
    assert rows(collect_purchases(log, table(LOG, []), line(first_day="2020-09-15"), ONE_WEEK)) == []


def filled(table, own: dict[int, list[int]], filling: list[int]) -> dict[int, list[tuple[int, int]]]:
    """Each customer's (rank, article) after filling."""
    lists = [(JUDGED, customer, article, rank) for customer in own for rank, article in enumerate(own[customer], 1)]
    more = [(JUDGED, customer, article, rank) for customer in own for rank, article in enumerate(filling, 1)]
    found: dict[int, list[tuple[int, int]]] = {}
    for customer, rank, article in sorted(
        rows(fill(table(LISTS, lists), table(LISTS, more)), "customer", "rank", "article")
    ):
        found.setdefault(customer, []).append((rank, article))
    return found


def test_a_list_is_followed_by_what_it_has_not(table):
    assert filled(table, {1: [5, 6]}, [6, 7, 5, 8]) == {1: [(1, 5), (2, 6), (3, 7), (4, 8)]}


def test_a_customer_without_a_list_gets_the_filling(table):
    assert filled(table, {1: []}, [6, 7]) == {1: [(1, 6), (2, 7)]}


def test_the_order_of_the_filling_is_kept_whatever_the_numbers(table):
    assert filled(table, {1: [5]}, [9, 2, 7]) == {1: [(1, 5), (2, 9), (3, 2), (4, 7)]}


def test_gaps_in_the_ranks_of_a_list_are_closed(table):
    lists, filling = table(LISTS, [(JUDGED, 1, 5, 2), (JUDGED, 1, 6, 9)]), table(LISTS, [(JUDGED, 1, 7, 1)])
    assert rows(fill(lists, filling), "article", "rank") == [(5, 1), (6, 2), (7, 3)]


def test_each_week_is_filled_for_itself(table):
    lists = table(LISTS, [(JUDGED, 1, 5, 1)])
    filling = table(LISTS, [(EARLIER, 1, 5, 1), (JUDGED, 1, 6, 1)])
    assert sorted(rows(fill(lists, filling))) == [(EARLIER, 1, 5, 1), (JUDGED, 1, 5, 1), (JUDGED, 1, 6, 2)]


@ON_THE_ENGINE
@given(
    lists=st.lists(st.lists(st.integers(0, 40), unique=True, max_size=12), min_size=1, max_size=20),
    filling=st.lists(st.integers(0, 40), unique=True, min_size=24, max_size=24),
)
def test_a_filled_list_begins_with_the_own_and_has_no_repeats_and_no_gaps(table, lists, filling):
    own = dict(enumerate(lists))
    for customer, places in filled(table, own, filling).items():
        ranks, articles = zip(*places, strict=True)
        assert list(ranks) == list(range(1, len(ranks) + 1))
        assert list(articles) == own[customer] + [article for article in filling if article not in own[customer]]
        assert len(articles) >= 12


RANKED = "week date, customer int, article int, score float, rank int"
CANDIDATES = "week date, customer int, article int, als_score float, als_rank int, " + ", ".join(
    f"{name}_score float, {name}_rank int" for name in ("own_purchases", "bestsellers")
)
RETRIEVAL = RetrievalParameters.model_construct(
    als=AlsRetriever(top=20, weight=0.5, already_bought=True),
    own_purchases=HistoryRetriever(top=20, weight=1, decay_power=1),
    bestsellers=Retriever(top=20, weight=0.5),
)


@pytest.fixture
def contestants(table):
    """Customer 1 has candidates and recommendations, customer 2 neither, customer 3 did not buy."""
    lined_up = line_up_contestants(
        purchases=table(PURCHASES, [(JUDGED, 1, 0), (JUDGED, 1, 1), (JUDGED, 2, 0)]),
        bestsellers=table(
            BESTSELLERS,
            [(JUDGED, article, 1.0, article + 1) for article in range(30)] + [(CUTOFF, 99, 1.0, 1)],
        ),
        candidates=table(
            CANDIDATES,
            [
                (JUDGED, 1, 50, 2.0, 2, 0.25, 2, 0.5, 9),
                (JUDGED, 1, 3, 4.0, 1, None, None, 0.5, 8),
                (JUDGED, 1, 51, None, None, 0.75, 1, None, None),
                (JUDGED, 1, 52, 0.5, 13, None, None, 2.0, 1),
                (JUDGED, 1, 54, 9.0, 20, None, None, None, None),
                (JUDGED, 3, 53, 9.0, 1, 9.0, 1, None, None),
            ],
        ),
        recommendations=table(
            RANKED,
            [(JUDGED, 1, 60, 0.5, 1), (JUDGED, 1, 0, 0.25, 2), (JUDGED, 3, 60, 0.5, 1), (CUTOFF, 1, 61, 0.5, 1)],
        ),
        retrieval=RETRIEVAL,
    )
    return by_customer(lined_up)


def by_customer(lined_up) -> dict[tuple[str, int], list[int]]:
    """Each contestant's and customer's articles of the judged week by rank, which has no gaps."""
    found: dict[tuple[str, int], list[int]] = {}
    for contestant, week, customer, rank, article in sorted(
        rows(lined_up, "contestant", "week", "customer", "rank", "article")
    ):
        assert week == JUDGED
        places = found.setdefault((contestant, customer), [])
        places.append(article)
        assert rank == len(places)
    return found


def test_buyers_of_the_judged_weeks_alone_have_lists(contestants):
    assert {customer for _, customer in contestants} == {1, 2}


def test_the_bestsellers_are_the_same_twelve_for_all(contestants):
    assert contestants["bestsellers", 1] == contestants["bestsellers", 2] == list(range(12))


def test_als_alone_proposes_its_twelve_best_or_fewer(contestants):
    assert contestants["als", 1] == [3, 50]
    assert ("als", 2) not in contestants


def test_als_is_filled_with_bestsellers(contestants):
    assert contestants["als_filled", 1] == [3, 50, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert contestants["als_filled", 2] == list(range(12))


def test_heuristics_sum_up_what_all_but_als_say_and_are_filled_with_bestsellers(contestants):
    # 1 for article 52, 0.75 for 51, 0.5 for 50, 0.25 for 3; article 54 is proposed by ALS alone.
    assert contestants["heuristics", 1] == [52, 51, 50, 3, 0, 1, 2, 4, 5, 6, 7, 8]
    assert contestants["heuristics", 2] == list(range(12))


def test_heuristics_take_the_twelve_best_ties_by_article(table):
    # ALS has another opinion, which must not leave a trace in the last bits either.
    candidates = [
        (JUDGED, 1, 100 - place, 0.1 * place, 20 - place, 0.2 + place // 13, 1, None, None) for place in range(20)
    ]
    lined_up = line_up_contestants(
        table(PURCHASES, [(JUDGED, 1, 0)]),
        table(BESTSELLERS, [(JUDGED, 0, 1.0, 1)]),
        table(CANDIDATES, candidates),
        table(RANKED, []),
        RETRIEVAL,
    )
    # Seven with 1.2, of which 81 is the lowest, then five of those with 0.2, of which 88 is.
    assert by_customer(lined_up)["heuristics", 1] == [*range(81, 88), *range(88, 93)]


def test_the_rankers_lists_are_those_recommended(contestants):
    assert contestants["ranker", 1] == [60, 0]
    assert ("ranker", 2) not in contestants


def test_customers_are_scored_by_their_lists(table):
    purchases = table(PURCHASES, [(JUDGED, 1, 3)])
    lists = table("contestant string, week date, customer int, article int, rank int", [("als", JUDGED, 1, 3, 2)])
    assert rows(score_customers(purchases, lists)) == [("als", JUDGED, 1, 1, 1, 0.5, 1.0)]


def test_metrics_are_means_of_the_weeks_means(table):
    scores = table(
        SCORES,
        [
            ("als", JUDGED, 1, 2, 1, 1.0, 0.5),
            ("als", JUDGED, 2, 1, 0, 0.0, 0.0),
            ("als", EARLIER, 1, 1, 1, 0.25, 1.0),
        ],
    )
    assert summarise_metrics(scores, line(), TWO_WEEKS) == {
        "weeks": ["2020-09-09", "2020-09-02"],
        "buyers": {"2020-09-09": 2, "2020-09-02": 1},
        "contestants": {
            "als": {
                "map12": 0.375,
                "recall12": 0.625,
                "by_week": {
                    "2020-09-09": {"map12": 0.5, "recall12": 0.25},
                    "2020-09-02": {"map12": 0.25, "recall12": 1.0},
                },
            }
        },
    }


def test_every_contestant_has_metrics_of_its_own(table):
    scores = table(SCORES, [("als", JUDGED, 1, 1, 0, 0.0, 0.0), ("ranker", JUDGED, 1, 1, 1, 1.0, 1.0)])
    contestants = summarise_metrics(scores, line(), ONE_WEEK)["contestants"]
    assert {name: of_it["map12"] for name, of_it in contestants.items()} == {"als": 0.0, "ranker": 1.0}


def test_the_cutoffs_week_comes_first_where_it_is_judged(table):
    metrics = summarise_metrics(table(SCORES, []), line(log_end="2020-09-22"), ONE_WEEK)
    assert metrics["weeks"] == ["2020-09-16", "2020-09-09"]


def test_no_scores_give_no_contestants(table):
    metrics = summarise_metrics(table(SCORES, []), line(first_day="2020-09-15"), ONE_WEEK)
    assert metrics == {"weeks": [], "buyers": {}, "contestants": {}}
