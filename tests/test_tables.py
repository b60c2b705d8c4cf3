"""What the pipelines share about DataFrames, on the engine under test."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F
from tests.conftest import day, rows

from hm_kedro.tables import (
    FRACTION,
    each_of,
    exact,
    half_life_decay,
    history_by_week,
    pieces,
    purchases_in_weeks,
    top_per_customer,
)

PURCHASES = "t_dat date, customer int, article int"
SCORED = "week date, customer int, article int, score float"
FIRST, SECOND = day("2020-09-02"), day("2020-09-09")
# Each example asks the engine: a few are enough, and none is timed.
ON_THE_ENGINE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DAYS = st.dates(day("2020-08-01"), day("2020-10-31"))


def test_a_row_is_repeated_for_each_week(table):
    repeated = table("customer int", [(1,), (2,)]).withColumn("week", each_of([SECOND, FIRST]))
    assert rows(repeated) == [(1, FIRST), (1, SECOND), (2, FIRST), (2, SECOND)]


def test_no_weeks_repeat_no_row_and_keep_the_week_a_date(table):
    repeated = table("customer int", [(1,)]).withColumn("week", each_of([]))
    assert rows(repeated) == []
    assert dict(repeated.dtypes)["week"] == "date"


def test_purchases_of_the_target_week_are_not_in_its_history(table):
    log = table(PURCHASES, [(FIRST + timedelta(days=days), 1, days) for days in range(7)])
    assert rows(history_by_week(log, [FIRST])) == []


def test_a_purchase_on_the_day_before_the_week_is_of_age_one(table):
    log = table(PURCHASES, [(day("2020-09-01"), 1, 5)])
    assert rows(history_by_week(log, [FIRST])) == [(day("2020-09-01"), 1, 5, 1, FIRST, 1)]


def test_each_week_has_its_own_history(table):
    log = table(PURCHASES, [(day("2020-09-01"), 1, 5), (FIRST, 2, 6), (SECOND, 3, 7)])
    assert rows(history_by_week(log, [FIRST, SECOND]), "week", "article", "age_days") == [
        (FIRST, 5, 1),
        (SECOND, 5, 8),
        (SECOND, 6, 7),
    ]


def test_the_quantity_of_a_purchase_stays_in_the_history(table):
    log = table(f"{PURCHASES}, quantity int", [(day("2020-09-01"), 1, 5, 2)])
    assert rows(history_by_week(log, [FIRST]), "article", "quantity") == [(5, 2)]


def test_pieces_are_counted_not_rows(table):
    log = table(f"{PURCHASES}, quantity int", [(FIRST, 1, 5, 2), (SECOND, 1, 5, 3), (SECOND, 1, 5, 1)])
    assert rows(log.agg(pieces().alias("all"), pieces(F.col("t_dat") == SECOND).alias("late"))) == [(6, 4)]


def test_the_window_keeps_purchases_up_to_its_age(table):
    log = table(PURCHASES, [(day("2020-08-26"), 1, 7), (day("2020-08-25"), 1, 8)])
    assert rows(history_by_week(log, [FIRST], window_days=7), "article", "age_days") == [(7, 7)]


def test_the_age_of_a_purchase_is_an_int(table):
    log = table(PURCHASES, [(day("2020-09-01"), 1, 5)])
    assert history_by_week(log, [FIRST]).dtypes[-2:] == [("week", "date"), ("age_days", "int")]


@ON_THE_ENGINE
@given(bought=st.lists(DAYS, max_size=5), weeks=st.lists(DAYS, unique=True, max_size=3))
def test_a_history_is_every_earlier_purchase_and_no_other(table, bought, weeks):
    log = table(PURCHASES, [(on, 1, article) for article, on in enumerate(bought)])
    expected = {(week, article) for week in weeks for article, on in enumerate(bought) if on < week}
    assert set(rows(history_by_week(log, weeks), "week", "article")) == expected


def test_purchases_in_a_week_are_those_of_its_seven_days(table):
    log = table(
        PURCHASES,
        [(day("2020-09-01"), 1, 1), (FIRST, 1, 2), (day("2020-09-08"), 1, 3), (SECOND, 1, 4)],
    )
    assert rows(purchases_in_weeks(log, [FIRST])) == [(FIRST, 1, 2), (FIRST, 1, 3)]


def test_an_article_bought_twice_in_a_week_is_one_purchase(table):
    log = table(PURCHASES, [(FIRST, 1, 2), (FIRST, 1, 2), (day("2020-09-05"), 1, 2)])
    assert rows(purchases_in_weeks(log, [FIRST])) == [(FIRST, 1, 2)]


def test_a_purchase_belongs_to_every_week_that_holds_its_day(table):
    log = table(PURCHASES, [(day("2020-09-05"), 1, 2)])
    weeks = [FIRST, day("2020-09-05"), SECOND]
    assert rows(purchases_in_weeks(log, weeks), "week") == [(FIRST,), (day("2020-09-05"),)]


@pytest.mark.parametrize("window_days", [None, 7])
def test_history_and_purchases_of_a_week_share_no_day(table, window_days):
    log = table(PURCHASES, [(day("2020-08-20") + timedelta(days=days), 1, days) for days in range(30)])
    past = set(rows(history_by_week(log, [FIRST], window_days), "article"))
    ahead = set(rows(purchases_in_weeks(log, [FIRST]), "article"))
    assert past
    assert ahead
    assert not past & ahead


def test_exact_numbers_are_multiples_of_two_to_the_minus_thirty(table):
    values = [0.1, 1 / 3, -0.7, 1e-12, 0.0, 123456.789]
    rounded = table("x double", [(value,) for value in values]).select("x", exact(F.col("x")).alias("rounded"))
    for value, near in rows(rounded):
        assert (Fraction(near) * FRACTION).denominator == 1
        assert abs(near - value) <= 0.5 / FRACTION


@ON_THE_ENGINE
@given(
    values=st.lists(st.floats(-1000, 1000), min_size=2, max_size=40),
    random=st.randoms(use_true_random=False),
)
def test_sums_of_exact_numbers_do_not_depend_on_their_order(table, values, random):
    rounded = [row[0] for row in table("x double", [(x,) for x in values]).select(exact(F.col("x"))).collect()]
    shuffled = random.sample(rounded, len(rounded))
    assert sum(shuffled) == sum(rounded) == float(sum(map(Fraction, rounded)))


def test_a_purchase_counts_half_after_each_half_life(table):
    ages = table("age_days int", [(0,), (30,), (60,)])
    assert rows(ages.select("age_days", half_life_decay("age_days", 30))) == [(0, 1.0), (30, 0.5), (60, 0.25)]


def test_decayed_purchases_of_any_age_are_exact(table):
    ages = table("age_days int", [(age,) for age in range(1, 100)])
    weights = [weight for (weight,) in rows(ages.select(half_life_decay("age_days", 7.5)))]
    assert all((Fraction(weight) * FRACTION).denominator == 1 for weight in weights)


def test_the_best_articles_are_ranked_by_falling_score(table):
    scored = table(SCORED, [(FIRST, 1, 10, 0.5), (FIRST, 1, 11, 2.0), (FIRST, 1, 12, 1.0)])
    assert rows(top_per_customer(scored, 2), "article", "rank") == [(11, 1), (12, 2)]


def test_equal_scores_are_ranked_by_article(table):
    scored = table(SCORED, [(FIRST, 1, 12, 1.0), (FIRST, 1, 10, 1.0), (FIRST, 1, 11, 1.0)])
    assert rows(top_per_customer(scored, 2), "article", "rank") == [(10, 1), (11, 2)]


def test_each_customer_and_week_has_ranks_of_its_own(table):
    scored = table(SCORED, [(FIRST, 1, 10, 1.0), (FIRST, 2, 10, 1.0), (SECOND, 1, 10, 1.0)])
    assert rows(top_per_customer(scored, 1), "week", "customer", "rank") == [
        (FIRST, 1, 1),
        (FIRST, 2, 1),
        (SECOND, 1, 1),
    ]


def test_a_customer_with_fewer_articles_keeps_them_all(table):
    scored = table(SCORED, [(FIRST, 1, 10, 1.0)])
    assert rows(top_per_customer(scored, 12)) == [(FIRST, 1, 10, 1.0, 1)]


def test_a_rank_is_an_int(table):
    assert dict(top_per_customer(table(SCORED, []), 1).dtypes)["rank"] == "int"
