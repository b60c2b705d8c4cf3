"""How strongly customers are tied to articles before each target week: strengths by hand."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.conftest import day, rows

from hm_kedro.parameters import AlsParameters, EvaluationParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.interactions import weigh_interactions, weigh_weeks
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int, quantity int"
CUTOFF, JUDGED, LEARNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(weeks=1, most_weeks=1, enough_purchases=0, negatives=30, misses=0, max_rows=1000, seed=1)


def line() -> dict[str, Any]:
    eve = CUTOFF - timedelta(days=1)
    days = {"cutoff": CUTOFF, "first_day": day("2020-01-01"), "last_day": eve, "log_end": eve}
    return Timeline(raw_dir="raw", asked_cutoff=None, **days).model_dump(mode="json")


def ago(days: int, week: date = CUTOFF) -> date:
    return week - timedelta(days=days)


def als(**changes):
    """Make parameters by which a purchase only fades by half in four days."""
    values = {
        "window_days": 100,
        "max_purchases": 1000,
        "half_life_days": 4,
        "decay_power": 0,
        "rarity_power": 0,
        "history_power": 0,
        "on_sale_days": 28,
        "rank": 3,
        "max_factors": 1_000_000,
        "factors_a_pair": 1_000,
        "max_spark_rank": 1_000,
        "iterations": 3,
        "alpha": 10,
        "regularisation": 0.01,
        "fold_in_regularisation": 0.1,
        "blocks": 2,
        "checkpoint_interval": 5,
        "seed": 1,
    }
    return AlsParameters(**values | changes)


# Article 5 has four customers, of whom customer 1 has four articles; older than the window are two more.
LOG = [
    (ago(101), 1, 9, 1),
    (ago(101), 6, 5, 1),
    (ago(16), 1, 5, 3),
    *[(ago(4), customer, 5, 1) for customer in (1, 2, 3, 4)],
    *[(ago(8), 1, article, 1) for article in (6, 7, 8)],
    (CUTOFF, 7, 5, 1),
    (CUTOFF, 1, 10, 1),
]


@pytest.mark.parametrize(
    ("changes", "strengths"),
    [
        # Of customers 1 and 2 with article 5, and of 1 with 6: pieces of 4 days a half, of 16 days a sixteenth.
        ({}, (1 / 2 + 3 / 16, 1 / 2, 1 / 4)),
        ({"decay_power": 0.5}, (1 / 2 / 2 + 3 / 16 / 4, 1 / 2 / 2, 1 / 4 / 8**0.5)),
        ({"rarity_power": 0.5}, (11 / 16 / 2, 1 / 2 / 2, 1 / 4)),
        ({"history_power": 0.5}, (11 / 16 / 2, 1 / 2, 1 / 4 / 2)),
    ],
    ids=lambda value: "+".join(value) or "half-life" if isinstance(value, dict) else "",
)
def test_a_strength_is_what_was_bought_faded_by_rarity_by_history(table, changes, strengths):
    weighed = weigh_weeks(table(PURCHASES, LOG), [CUTOFF], als(**changes))
    found = {row[:2]: row[2] for row in rows(weighed, "customer", "article", "strength")}
    assert (found[1, 5], found[2, 5], found[1, 6]) == pytest.approx(strengths, rel=1e-6)
    assert set(found) == {(1, 5), (2, 5), (3, 5), (4, 5), (1, 6), (1, 7), (1, 8)}


@pytest.fixture(scope="module")
def weighed(session):
    """Three weeks: article 5 has one customer, then two, then three; customer 1 two articles at last."""
    log = [
        (ago(4, LEARNED), 1, 5, 1),
        (LEARNED, 2, 5, 1),
        (ago(4, JUDGED), 2, 5, 2),
        (JUDGED, 3, 5, 1),
        (ago(4), 1, 6, 1),
        (CUTOFF, 1, 5, 1),
        (CUTOFF, 1, 7, 1),
    ]
    return weigh_interactions(
        session.createDataFrame(log, PURCHASES),
        line(),
        als(window_days=17, rarity_power=1, history_power=1),
        ONE_WEEK,
        TRAINING,
    )


@pytest.fixture(scope="module")
def by_week(weighed):
    """The strength, rarity and age of each customer and article, of each week."""
    found: dict[date, dict[tuple[int, int], tuple[Any, ...]]] = {LEARNED: {}, JUDGED: {}, CUTOFF: {}}
    for week, customer, article, *values in rows(weighed):
        found[week][customer, article] = tuple(values)
    return found


def test_every_week_weighs_its_own_history(by_week):
    assert by_week[LEARNED] == {(1, 5): pytest.approx((1 / 2, 1, 4))}
    assert by_week[JUDGED] == {
        (1, 5): pytest.approx((2 ** (-11 / 4) / 2, 1 / 2, 11)),
        (2, 5): pytest.approx(((2 ** (-7 / 4) + 2 * 2 ** (-4 / 4)) / 2, 1 / 2, 4)),
    }


def test_what_fell_out_of_the_window_is_no_article_of_the_customer_and_no_customer_of_the_article(by_week):
    # Customer 1 bought article 5 before the last 17 days.
    assert by_week[CUTOFF] == {
        (2, 5): pytest.approx(((2 ** (-14 / 4) + 2 * 2 ** (-11 / 4)) / 2, 1 / 2, 11)),
        (3, 5): pytest.approx((2 ** (-7 / 4) / 2, 1 / 2, 7)),
        (1, 6): pytest.approx((1 / 2, 1, 4)),
    }


def test_the_age_is_that_of_the_latest_purchase(by_week):
    assert by_week[JUDGED][2, 5][2] == 4


def test_purchases_on_or_after_the_week_do_not_weigh(by_week):
    assert (CUTOFF, 1, 7) not in by_week[CUTOFF]
    assert (2, 5) not in by_week[LEARNED]
    assert (3, 5) not in by_week[JUDGED]


def test_the_columns_of_interactions_have_their_types(weighed):
    assert weighed.dtypes == [
        ("week", "date"),
        ("customer", "int"),
        ("article", "int"),
        ("strength", "float"),
        ("rarity", "float"),
        ("age_days", "int"),
    ]


def test_only_the_newest_days_weigh_where_there_are_too_many_purchases(table):
    log = [(ago(1), 1, 5, 1), (ago(2), 2, 5, 1), (ago(2), 3, 5, 1), (ago(3), 4, 5, 1)]
    found = weigh_weeks(table(PURCHASES, log), [CUTOFF], als(max_purchases=3, rarity_power=1))
    assert rows(found, "customer", "rarity") == [(number, pytest.approx(1 / 3)) for number in (1, 2, 3)]


def test_no_purchases_have_no_interactions(table):
    assert rows(weigh_weeks(table(PURCHASES, []), [CUTOFF], als())) == []
