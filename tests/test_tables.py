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
    history_of_customers,
    newest_purchases,
    pieces,
    power_decay,
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


def newest(table, counts, weeks, max_purchases, window_days=100):
    """The (week, age) of the purchases that are kept, of so many on each day."""
    log = table(PURCHASES, [(on, 1, number) for on, count in counts.items() for number in range(count)])
    return sorted(rows(newest_purchases(log, weeks, window_days, max_purchases), "week", "age_days"))


SOLD = {day("2020-09-01"): 2, day("2020-08-31"): 2, day("2020-08-30"): 1}


@pytest.mark.parametrize(
    ("max_purchases", "ages"),
    [(5, [1, 1, 2, 2, 3]), (4, [1, 1, 2, 2]), (3, [1, 1]), (1, [1, 1])],
)
def test_the_newest_days_are_kept_whole_and_one_in_any_case(table, max_purchases, ages):
    assert newest(table, SOLD, [FIRST], max_purchases) == [(FIRST, age) for age in ages]


def test_the_one_day_that_is_kept_is_one_with_sales(table):
    sold = {day("2020-08-23"): 2, day("2020-08-22"): 1}
    assert newest(table, sold, [FIRST], max_purchases=1) == [(FIRST, 10), (FIRST, 10)]


def test_the_newest_purchases_are_within_the_window(table):
    assert newest(table, SOLD, [FIRST], max_purchases=100, window_days=2) == [(FIRST, age) for age in (1, 1, 2, 2)]


def test_each_week_keeps_the_newest_purchases_of_its_own(table):
    sold = SOLD | {FIRST: 3, day("2020-09-08"): 1, SECOND: 50}
    # Before the second week 1 and 3 are kept, and the two of the first week's eve would be too many.
    assert newest(table, sold, [FIRST, SECOND], max_purchases=4) == [
        *[(FIRST, age) for age in (1, 1, 2, 2)],
        *[(SECOND, age) for age in (1, 7, 7, 7)],
    ]


def test_purchases_are_bounded_by_rows_not_pieces(table):
    log = table(f"{PURCHASES}, quantity int", [(day("2020-09-01"), 1, 5, 9), (day("2020-08-31"), 1, 6, 9)])
    kept = newest_purchases(log, [FIRST], 100, 2)
    assert rows(kept, "article", "quantity", "age_days") == [(5, 9, 1), (6, 9, 2)]


def test_no_weeks_have_no_newest_purchases(table):
    assert newest(table, SOLD, [], max_purchases=4) == []


TARGETS = "week date, customer int, age int"
LINES = ("week", "customer", "age", "article", "quantity", "age_days", "price", "sales_channel_id")
PAID = f"{PURCHASES}, price float, sales_channel_id tinyint"


def test_each_target_has_the_own_history_of_the_week_and_one_empty_row_without(table):
    targets = [(FIRST, 1, 30), (SECOND, 1, 30), (FIRST, 2, None), (SECOND, 3, 50)]
    log = [
        (day("2020-09-01"), 1, 5, 0.5, 1, 2),
        (day("2020-09-01"), 1, 5, 0.5, 1, 2),
        (FIRST, 1, 6, None, 2, 1),
        (FIRST, 2, 7, 0.5, 1, 1),
        (day("2020-09-08"), 4, 8, 0.5, 1, 1),
        (SECOND, 3, 9, 0.5, 1, 1),
    ]
    found = history_of_customers(
        table(TARGETS, targets), table(f"{PAID}, quantity int", log), [FIRST, SECOND], window_days=100
    )
    assert sorted(rows(found, *LINES), key=str) == [
        (FIRST, 1, 30, 5, 2, 1, 0.5, 1),
        (FIRST, 1, 30, 5, 2, 1, 0.5, 1),
        (FIRST, 2, None, None, None, None, None, None),
        (SECOND, 1, 30, 5, 2, 8, 0.5, 1),
        (SECOND, 1, 30, 5, 2, 8, 0.5, 1),
        (SECOND, 1, 30, 6, 1, 7, None, 2),
        (SECOND, 3, 50, None, None, None, None, None),
    ]
    kinds = {"week": "date", "price": "float", "sales_channel_id": "tinyint"}
    assert dict(found.dtypes) == dict.fromkeys(LINES, "int") | kinds


def test_the_history_of_customers_reaches_back_as_far_as_the_window_of_each_week(table):
    log = [(day("2020-08-26"), 1, 7), (day("2020-08-25"), 1, 8), (day("2020-09-02"), 1, 9), (day("2020-09-01"), 1, 10)]
    log = [(*line, 0.5, 1) for line in log]
    found = history_of_customers(
        table("week date, customer int", [(FIRST, 1), (SECOND, 1)]), table(PAID, log), [FIRST, SECOND], 7
    )
    assert rows(found, "week", "article", "age_days") == [(FIRST, 10, 1), (FIRST, 7, 7), (SECOND, 9, 7)]


def test_no_weeks_have_no_targets_and_no_history(table):
    log = table(PAID, [(FIRST, 1, 5, 0.5, 1)])
    assert rows(history_of_customers(table("week date, customer int", []), log, [], 7)) == []


def test_a_purchase_counts_one_over_a_power_of_its_age(table):
    ages = table("age_days int", [(1,), (4,), (16,)])
    weighed = ages.select(
        *[power_decay("age_days", power).alias(name) for name, power in {"a": 0.5, "b": 1, "c": 0}.items()]
    )
    assert sorted(rows(weighed), reverse=True) == [(1.0, 1.0, 1.0), (0.5, 0.25, 1.0), (0.25, 0.0625, 1.0)]


def test_purchases_decayed_by_a_power_are_exact(table):
    ages = table("age_days int", [(age,) for age in range(1, 100)])
    weights = [weight for (weight,) in rows(ages.select(power_decay("age_days", 0.85)))]
    assert all((Fraction(weight) * FRACTION).denominator == 1 for weight in weights)
