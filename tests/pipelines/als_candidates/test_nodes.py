"""Whom to serve, ALS for every target week, and the union of the retrievers."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.conftest import day, rows

from hm_kedro.parameters import (
    AlsParameters,
    AlsRetriever,
    BestsellersRetriever,
    EvaluationParameters,
    OwnPurchasesRetriever,
    RetrievalParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.als_candidates.nodes import (
    fit_factors,
    list_target_customers,
    retrieve_candidates,
    target_weeks,
    weigh_interactions,
)
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int"
USERS = "week date, customer int, factors array<float>"
ITEMS = "week date, article int, factors array<float>, on_sale boolean"
INTERACTIONS = "week date, customer int, article int, strength float, age_days int"
CUTOFF, JUDGED, LEARNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(weeks=1, negatives=30, max_rows=1000, seed=1)
ALS = AlsParameters(
    window_days=100,
    half_life_days=10,
    on_sale_days=28,
    rank=3,
    iterations=3,
    alpha=10,
    regularisation=0.01,
    blocks=2,
    seed=1,
)
RETRIEVAL = RetrievalParameters(
    als=AlsRetriever(top=2),
    own_purchases=OwnPurchasesRetriever(top=2, window_days=100, half_life_days=10),
    bestsellers=BestsellersRetriever(top=12, window_days=7),
)


def line(first_day: str = "2020-01-01", cutoff: date = CUTOFF) -> dict[str, Any]:
    last_day = cutoff - timedelta(days=1)
    return Timeline(
        raw_dir="raw", asked_cutoff=None, cutoff=cutoff, first_day=day(first_day), last_day=last_day, log_end=last_day
    ).model_dump(mode="json")


def ago(days: int, week: date = CUTOFF) -> date:
    return week - timedelta(days=days)


# Cutoff the day after the only day of the log: no week before it has a history.
ONE_DAY = line(first_day=str(ago(1)))


def test_target_weeks_are_the_submissions_the_judged_and_those_learned_from():
    assert target_weeks(line(), ONE_WEEK, TRAINING) == [CUTOFF, JUDGED, LEARNED]


def test_a_log_of_one_day_has_the_submissions_week_only():
    assert target_weeks(ONE_DAY, ONE_WEEK, TRAINING) == [CUTOFF]


def test_everyone_is_a_target_of_the_cutoffs_week(table):
    targets = list_target_customers(
        table(PURCHASES, [(ago(100), 1, 0)]), table("customer int", [(1,), (2,)]), line(), ONE_WEEK, TRAINING
    )
    assert rows(targets) == [(CUTOFF, 1), (CUTOFF, 2)]


def test_only_the_buyers_of_an_earlier_week_are_its_targets(table):
    log = table(PURCHASES, [(LEARNED, 1, 0), (ago(1, JUDGED), 2, 0), (JUDGED, 3, 0), (ago(1), 4, 0), (CUTOFF, 5, 0)])
    targets = list_target_customers(log, table("customer int", []), line(), ONE_WEEK, TRAINING)
    assert rows(targets) == [(LEARNED, 1), (LEARNED, 2), (JUDGED, 3), (JUDGED, 4)]


def test_a_customer_who_bought_often_in_a_week_is_listed_once(table):
    log = table(PURCHASES, [(JUDGED, 3, 0), (JUDGED, 3, 1), (ago(1), 3, 0)])
    targets = list_target_customers(log, table("customer int", []), line(), ONE_WEEK, TRAINING)
    assert rows(targets) == [(JUDGED, 3)]


def test_a_log_without_earlier_weeks_has_targets_in_the_cutoffs_week_only(table):
    log = table(PURCHASES, [(ago(1), 1, 0)])
    targets = list_target_customers(log, table("customer int", [(1,), (2,)]), ONE_DAY, ONE_WEEK, TRAINING)
    assert rows(targets) == [(CUTOFF, 1), (CUTOFF, 2)]


def test_the_strength_of_a_pair_is_the_sum_of_its_decayed_purchases(table):
    log = table(PURCHASES, [(ago(10), 1, 5), (ago(20), 1, 5), (ago(20), 1, 6)])
    weighed = weigh_interactions(log, line(first_day=str(ago(1))), ALS, ONE_WEEK, TRAINING)
    assert rows(weighed) == [(CUTOFF, 1, 5, 0.75, 10), (CUTOFF, 1, 6, 0.25, 20)]


def test_every_week_weighs_its_own_history(table):
    log = table(PURCHASES, [(ago(10, LEARNED), 1, 5), (LEARNED, 2, 6)])
    weighed = weigh_interactions(log, line(), ALS, ONE_WEEK, TRAINING)
    assert sorted(rows(weighed, "week", "article", "age_days")) == [
        (LEARNED, 5, 10),
        (JUDGED, 5, 17),
        (JUDGED, 6, 7),
        (CUTOFF, 5, 24),
        (CUTOFF, 6, 14),
    ]


def test_purchases_before_the_window_do_not_weigh(table):
    log = table(PURCHASES, [(ago(100), 1, 5), (ago(101), 1, 6)])
    weighed = weigh_interactions(log, line(first_day=str(ago(1))), ALS, ONE_WEEK, TRAINING)
    assert rows(weighed, "article") == [(5,)]


def test_the_columns_of_interactions_have_their_types(table):
    weighed = weigh_interactions(table(PURCHASES, []), line(), ALS, ONE_WEEK, TRAINING)
    assert weighed.dtypes == [
        ("week", "date"),
        ("customer", "int"),
        ("article", "int"),
        ("strength", "float"),
        ("age_days", "int"),
    ]


@pytest.fixture
def two_weeks(table):
    """Two customers and two articles in the one week, one of each in the other."""
    return table(
        INTERACTIONS,
        [(CUTOFF, 1, 5, 1.0, 1), (CUTOFF, 2, 6, 1.0, 29), (CUTOFF, 1, 6, 0.5, 28), (JUDGED, 1, 5, 1.0, 40)],
    )


def test_every_week_has_factors_of_its_own_customers_and_articles(two_weeks):
    users, items = fit_factors(two_weeks, ALS)
    assert sorted(rows(users, "week", "customer")) == [(JUDGED, 1), (CUTOFF, 1), (CUTOFF, 2)]
    assert sorted(rows(items, "week", "article")) == [(JUDGED, 5), (CUTOFF, 5), (CUTOFF, 6)]


def test_an_article_is_on_sale_if_anyone_bought_it_lately(two_weeks):
    _, items = fit_factors(two_weeks, ALS)
    assert sorted(rows(items, "week", "article", "on_sale")) == [
        (JUDGED, 5, False),
        (CUTOFF, 5, True),
        (CUTOFF, 6, True),
    ]


def test_the_factors_of_a_week_do_not_depend_on_the_other_weeks(two_weeks):
    both, alone = fit_factors(two_weeks, ALS), fit_factors(two_weeks.where(f"week = date'{CUTOFF}'"), ALS)
    cutoffs = [rows(side.where(f"week = date'{CUTOFF}'")) for side in both]
    assert cutoffs == [rows(side) for side in alone]


def test_no_interactions_give_tables_without_rows(table):
    users, items = fit_factors(table(INTERACTIONS, []), ALS)
    assert rows(users) == rows(items) == []
    assert users.dtypes == [("week", "date"), ("customer", "int"), ("factors", "array<float>")]
    assert items.dtypes == [
        ("week", "date"),
        ("article", "int"),
        ("factors", "array<float>"),
        ("on_sale", "boolean"),
    ]


@pytest.fixture
def retrieved(table):
    """Thirteen articles: 0 sold lately, 12 known to ALS alone; customer 1 bought 0, customer 2 nothing."""
    return retrieve_candidates(
        transactions=table(PURCHASES, [(ago(10), 1, 11), (ago(1), 3, 0)]),
        articles=table("article int", [(article,) for article in range(13)]),
        target_customers=table("week date, customer int", [(CUTOFF, 1), (CUTOFF, 2)]),
        user_factors=table(USERS, [(CUTOFF, 1, [1.0, 0.0])]),
        item_factors=table(ITEMS, [(CUTOFF, 12, [0.5, 1.0], True), (CUTOFF, 0, [0.25, 1.0], True)]),
        timeline=ONE_DAY,
        retrieval=RETRIEVAL,
        evaluation=ONE_WEEK,
        training=TRAINING,
    )


def test_a_candidate_has_scores_and_ranks_of_the_retrievers_that_propose_it(retrieved):
    candidates, _ = retrieved
    assert rows(candidates.where("customer = 1 and article in (0, 1, 11, 12)")) == [
        (CUTOFF, 1, 0, 0.25, 2, None, None, 1.0, 1),
        (CUTOFF, 1, 1, None, None, None, None, 0.0, 3),
        (CUTOFF, 1, 11, None, None, 0.5, 1, 0.0, 2),
        (CUTOFF, 1, 12, 0.5, 1, None, None, None, None),
    ]


def test_a_customer_without_history_has_the_bestsellers_as_candidates(retrieved):
    candidates, _ = retrieved
    proposed = rows(candidates.where("customer = 2"), "article", "bestsellers_rank", "als_rank", "own_purchases_rank")
    assert sorted(proposed) == [(0, 1, None, None)] + [
        (article, article + 2, None, None) for article in range(1, 11)
    ] + [(11, 2, None, None)]


def test_candidates_have_a_row_per_customer_and_article(retrieved):
    candidates, _ = retrieved
    keys = rows(candidates, "week", "customer", "article")
    assert len(keys) == len(set(keys)) == 13 + 12


def test_candidates_have_a_score_and_a_rank_per_retriever(retrieved):
    candidates, _ = retrieved
    assert candidates.dtypes == [
        ("week", "date"),
        ("customer", "int"),
        ("article", "int"),
        ("als_score", "float"),
        ("als_rank", "int"),
        ("own_purchases_score", "float"),
        ("own_purchases_rank", "int"),
        ("bestsellers_score", "float"),
        ("bestsellers_rank", "int"),
    ]


def test_the_bestsellers_of_the_week_are_kept_for_filling(retrieved):
    _, bestsellers = retrieved
    ranked = sorted(rows(bestsellers, "rank", "week", "article", "score"))
    assert ranked[:3] == [(1, CUTOFF, 0, 1.0), (2, CUTOFF, 11, 0.0), (3, CUTOFF, 1, 0.0)]
    assert len(ranked) == 12


def test_a_log_of_one_day_has_candidates(table):
    log = table(PURCHASES, [(ago(1), 1, 0), (ago(1), 1, 1), (ago(1), 2, 1)])
    targets = list_target_customers(log, table("customer int", [(1,), (2,), (3,)]), ONE_DAY, ONE_WEEK, TRAINING)
    users, items = fit_factors(weigh_interactions(log, ONE_DAY, ALS, ONE_WEEK, TRAINING), ALS)
    articles = table("article int", [(0,), (1,)])
    candidates, _ = retrieve_candidates(log, articles, targets, users, items, ONE_DAY, RETRIEVAL, ONE_WEEK, TRAINING)
    assert rows(candidates, "customer", "article", "bestsellers_rank", "own_purchases_rank") == [
        (1, 0, 2, 1),
        (1, 1, 1, 2),
        (2, 0, 2, None),
        (2, 1, 1, 1),
        (3, 0, 2, None),
        (3, 1, 1, None),
    ]
