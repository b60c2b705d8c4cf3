"""Whom to serve in each target week, and what each of them had bought before it."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.conftest import day, rows

from hm_kedro.parameters import EvaluationParameters, RetrievalParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.histories import (
    gather_histories,
    gather_lines,
    list_target_customers,
    target_weeks,
)
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int, quantity int, price float, sales_channel_id tinyint"
TARGETS = "week date, customer int"
CUSTOMERS = "customer int, age int"
CUTOFF, JUDGED, LEARNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
FIRST_DAY = day("2020-01-01")
WEEKS = [CUTOFF, JUDGED, LEARNED]
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(weeks=1, most_weeks=1, enough_purchases=0, negatives=30, misses=0, max_rows=1000, seed=1)
HISTORY_DAYS = 20


def line(first_day: date = FIRST_DAY) -> dict[str, Any]:
    eve = CUTOFF - timedelta(days=1)
    days = {"cutoff": CUTOFF, "first_day": first_day, "last_day": eve, "log_end": eve}
    return Timeline(raw_dir="raw", asked_cutoff=None, **days).model_dump(mode="json")


def ago(days: int, week: date = CUTOFF) -> date:
    return week - timedelta(days=days)


def paid(log: list[tuple], price: float | None = 0.5, channel: int | None = 2) -> list[tuple]:
    return [(*line, price, channel) for line in log]


# Cutoff the day after the only day of the log: no week before it has a history.
ONE_DAY = line(first_day=ago(1))


def test_target_weeks_are_the_submissions_the_judged_and_those_learned_from():
    assert target_weeks(line(), ONE_WEEK, TRAINING) == WEEKS


def test_a_log_of_one_day_has_the_submissions_week_only():
    assert target_weeks(ONE_DAY, ONE_WEEK, TRAINING) == [CUTOFF]


@pytest.fixture(scope="module")
def targets(session):
    """The target customers of each week, listed; customers 1 and 6 are known, the latter never bought."""
    log = [
        (ago(1, LEARNED), 1, 0, 1),
        (LEARNED, 1, 0, 1),
        (ago(1, JUDGED), 2, 0, 1),
        (JUDGED, 3, 0, 1),
        (JUDGED, 3, 1, 1),
        (ago(1), 3, 0, 1),
        (ago(1), 4, 0, 1),
        (CUTOFF, 5, 0, 1),
    ]
    listed = list_target_customers(
        session.createDataFrame(paid(log), PURCHASES),
        session.createDataFrame([(1, 30), (6, None)], CUSTOMERS),
        line(),
        ONE_WEEK,
        TRAINING,
    )
    found = {week: [] for week in WEEKS}
    for week, customer in rows(listed):
        found[week].append(customer)
    return found


def test_everyone_is_a_target_of_the_cutoffs_week(targets):
    assert targets[CUTOFF] == [1, 6]


def test_only_the_buyers_of_an_earlier_week_are_its_targets(targets):
    assert (targets[LEARNED], set(targets[JUDGED])) == ([1, 2], {3, 4})


def test_a_customer_who_bought_often_in_a_week_is_listed_once(targets):
    assert targets[JUDGED] == [3, 4]


def test_a_log_without_earlier_weeks_has_targets_in_the_cutoffs_week_only(table):
    log = table(PURCHASES, paid([(ago(1), 1, 0, 1)]))
    targets = list_target_customers(log, table(CUSTOMERS, [(1, 30), (2, 30)]), ONE_DAY, ONE_WEEK, TRAINING)
    assert rows(targets) == [(CUTOFF, 1), (CUTOFF, 2)]


LOG = [
    (ago(25), 3, 16, 1),
    (ago(21), 1, 11, 1),
    (ago(20), 1, 10, 1),
    (JUDGED, 1, 13, 1),
    (ago(3), 1, 12, 2),
    (ago(3), 1, 12, 2),
    (ago(2), 4, 15, 1),
    (CUTOFF, 1, 14, 1),
    (CUTOFF + timedelta(days=5), 2, 14, 1),
]
SERVED = [(CUTOFF, 1), (JUDGED, 1), (LEARNED, 1), (CUTOFF, 2), (CUTOFF, 3)]
AGES = [(1, 30), (2, None), (3, 50), (4, 60)]


@pytest.fixture(scope="module")
def gathered(session):
    return gather_lines(
        session.createDataFrame(SERVED, TARGETS),
        session.createDataFrame(paid(LOG), PURCHASES),
        session.createDataFrame(AGES, CUSTOMERS),
        WEEKS,
        HISTORY_DAYS,
    )


@pytest.fixture(scope="module")
def lines(gathered):
    """The lines of each target customer as (article, age in days, pieces), sorted."""
    found = rows(gathered, "week", "customer", "lines")
    assert len(found) == len(SERVED)
    return {(week, customer): sorted(tuple(one)[:3] for one in bought) for week, customer, bought in found}


def test_every_target_customer_has_one_history(lines):
    assert set(lines) == set(SERVED)


def test_a_history_holds_every_line_before_the_week(lines):
    assert lines[CUTOFF, 1] == [(10, 20, 1), (12, 3, 2), (12, 3, 2), (13, 7, 1)]


def test_purchases_on_or_after_the_week_are_not_in_its_history(lines):
    # Article 13 was bought on the first day of the judged week, 12 in it, 14 on and after the cutoff.
    assert {article for article, _, _ in lines[JUDGED, 1]} == {10, 11}
    assert {article for bought in lines.values() for article, _, _ in bought} == {10, 11, 12, 13}


def test_several_weeks_of_a_customer_have_a_history_each(lines):
    assert lines[JUDGED, 1] == [(10, 13, 1), (11, 14, 1)]
    assert lines[LEARNED, 1] == [(10, 6, 1), (11, 7, 1)]


def test_a_customer_who_never_bought_has_an_empty_history(lines):
    assert lines[CUTOFF, 2] == []


def test_a_customer_who_last_bought_too_long_ago_has_an_empty_history(lines):
    assert lines[CUTOFF, 3] == []


def test_a_line_has_its_price_and_channel_where_they_are_known(table):
    log = paid([(ago(1), 1, 10, 1)], 0.25, 1) + paid([(ago(2), 1, 11, 1)], None, None)
    histories = gather_lines(
        table(TARGETS, [(CUTOFF, 1)]), table(PURCHASES, log), table(CUSTOMERS, AGES), [CUTOFF], HISTORY_DAYS
    )
    [(bought,)] = rows(histories, "lines")
    found = sorted((one["article"], one["price"], one["sales_channel_id"]) for one in bought)
    assert found == [(10, 0.25, 1), (11, None, None)]


def test_ages_are_those_of_the_customers(gathered):
    ages = {(customer, age) for customer, age in rows(gathered, "customer", "age")}
    assert ages == {(1, 30), (2, None), (3, 50)}


def test_the_columns_of_histories_have_their_types(gathered):
    assert gathered.dtypes == [
        ("week", "date"),
        ("customer", "int"),
        ("age", "int"),
        (
            "lines",
            "array<struct<article:int,age_days:int,quantity:int,price:float,sales_channel_id:tinyint>>",
        ),
    ]


def test_the_node_gathers_histories_of_all_target_weeks(table, lines):
    histories = gather_histories(
        table(TARGETS, SERVED),
        table(PURCHASES, paid(LOG)),
        table(CUSTOMERS, AGES),
        line(),
        RetrievalParameters.model_construct(history_days=HISTORY_DAYS),
        ONE_WEEK,
        TRAINING,
    )
    found = rows(histories, "week", "customer", "lines")
    assert {(week, customer): sorted(tuple(one)[:3] for one in bought) for week, customer, bought in found} == lines
