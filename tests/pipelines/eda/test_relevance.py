"""What attributes tell about the next purchase, on the engine under test: numbers by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F
from tests.conftest import day

from hm_kedro.parameters import EdaParameters, EvaluationParameters
from hm_kedro.pipelines.eda import relevance
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int, quantity int"
BOUGHT = "week date, customer int, article int"
WEEK = day("2020-09-02")
PARAMS = EdaParameters(
    relevance_weeks=2, relevance_window_days=364, relevance_buyers=1000, relevance_groups=10, resamples=200, seed=1
)
ONE_WEEK = EvaluationParameters(weeks=1)
TIMELINE = {
    "raw_dir": "raw",
    "asked_cutoff": None,
    "cutoff": "2020-09-16",
    "first_day": "2020-06-01",
    "last_day": "2020-09-15",
    "log_end": "2020-09-15",
}


@pytest.fixture(scope="module")
def group(session):
    """Each of ten customers is a group of their own."""
    return (F.col("customer") % 10).cast("int").alias("group")


@pytest.fixture(scope="module")
def articles(table):
    """Articles 0 and 1 of colour 0, 2 of colour 1, 3 of none; all of one section, each a product."""
    colours = [0, 0, 1, None]
    schema = ", ".join(["article int", "product int", *[f"{name} smallint" for name in ATTRIBUTES]])
    values = {"section": [5] * 4, "colour_group": colours}
    return table(
        schema,
        [(article, article, *[values.get(name, [None] * 4)[article] for name in ATTRIBUTES]) for article in range(4)],
    )


@pytest.fixture(scope="module")
def log(table):
    """Customer 0 bought three pieces of colour 0 and one of colour 1, customer 1 four of colour 1."""
    return table(PURCHASES, [(day("2020-09-01"), 0, 0, 3), (day("2020-08-20"), 0, 2, 1), (day("2020-08-10"), 1, 2, 4)])


@pytest.fixture(scope="module")
def bought(table):
    """What is bought next: article 3 has no colour, and customer 7 no history."""
    return table(BOUGHT, [(WEEK, 0, 1), (WEEK, 1, 0), (WEEK, 1, 3), (WEEK, 7, 0)])


@pytest.fixture(scope="module")
def lifts(bought, articles, log, group):
    """What was bought, measured against the log."""
    return relevance.measure_lifts(bought, articles, log, [WEEK], group, PARAMS)


def test_matches_are_shares_of_the_own_history_against_those_of_popularity(lifts):
    sums = lifts.set_index(["attribute", "group"])
    # Of all pieces 3 in 8 are of colour 0. Customer 0 buys colour 0, as 3 in 4 of the own pieces are.
    found = sums.loc["colour_group"]
    assert found.loc[0].tolist() == [0.75, 0.75 * 3 / 8 + 0.25 * 5 / 8, 1]
    # Customer 1 buys colour 0, too, and never did.
    assert found.loc[1].tolist() == [0.0, 5 / 8, 1]
    assert set(found.index) == {0, 1}
    # Article 1 is another product than article 0.
    assert sums.loc[("product", 0), "observed"] == 0


def test_purchases_of_the_week_itself_are_no_history(table, lifts, bought, articles, log, group):
    later = log.unionByName(table(PURCHASES, [(WEEK, 0, 2, 50), (day("2020-09-30"), 1, 2, 50)]))
    again = relevance.measure_lifts(bought, articles, later, [WEEK], group, PARAMS)
    order = ["attribute", "group"]
    pd.testing.assert_frame_equal(
        lifts.sort_values(order, ignore_index=True), again.sort_values(order, ignore_index=True)
    )


def test_a_lift_is_the_ratio_of_sums_within_its_interval():
    sums = pd.DataFrame(
        {
            "attribute": ["colour_group"] * 4 + ["section"] * 4,
            "group": [0, 1, 2, 3] * 2,
            "observed": [4.0, 5.0, 6.0, 5.0] + [9.0] * 4,
            "expected": [2.0, 2.0, 3.0, 3.0] + [9.0] * 4,
            "purchases": [9] * 8,
        }
    )
    ((kind, _, attribute, lift, low, high, purchases),) = relevance.lift_intervals(
        sums, np.random.default_rng(1), PARAMS
    )
    # The section is the same for all: it is not a lift of one but nothing.
    assert (kind, attribute, lift, purchases) == ("lift", "colour_group", 2.0, 36)
    assert 5 / 3 <= low < 2 < high <= 2.5


@pytest.mark.parametrize(
    ("clubs", "bits"),
    [
        # Five of each. Who is of the club buys colour 0, who is not colour 1: a bit; two cells, less chance.
        ([("A", 0), ("A", 0), ("B", 2), ("B", 2)], 1 + 1 / (2 * math.log(2) * 20)),
        # All four cells alike: nothing, less what chance would show.
        ([("A", 0), ("A", 2), ("B", 0), ("B", 2)], -1 / (2 * math.log(2) * 20)),
    ],
)
def test_information_is_shared_bits_less_those_of_chance(table, articles, group, clubs, bits):
    known = [(number, club, None, None, 30, None) for number, (club, _) in enumerate(clubs * 5)]
    customers = table(
        "customer int, club_member_status string, fashion_news_frequency string, fn float, age int, active float", known
    )
    bought = table(BOUGHT, [(WEEK, number, article) for number, (_, article) in enumerate(clubs * 5)])
    weights = relevance.draw_weights(np.random.default_rng(1), PARAMS)
    rows = relevance.measure_information(bought, customers, articles, group, weights)
    assert [(row[1], row[2]) for row in rows] == [("club_member_status", "colour_group")]
    assert rows[0][3] == pytest.approx(bits)
    assert rows[0][4] <= rows[0][3] <= rows[0][5]
    assert rows[0][6] == 20


def test_few_purchases_say_nothing_of_many_pairs_of_values(table, articles, group):
    known = [(number, "AB"[number % 2], None, None, None, None) for number in range(19)]
    customers = table(
        "customer int, club_member_status string, fashion_news_frequency string, fn float, age int, active float", known
    )
    bought = table(BOUGHT, [(WEEK, number, number % 3) for number in range(19)])
    weights = relevance.draw_weights(np.random.default_rng(1), PARAMS)
    assert relevance.measure_information(bought, customers, articles, group, weights) == []


def test_relevance_is_measured_before_the_judged_weeks():
    line = Timeline.read(TIMELINE)
    assert relevance.relevance_weeks(line, PARAMS, ONE_WEEK) == [day("2020-09-02"), day("2020-08-26")]
    later = Timeline.read(TIMELINE | {"log_end": "2020-09-30"})
    assert relevance.relevance_weeks(later, PARAMS, EvaluationParameters(weeks=2))[0] == day("2020-08-26")


def test_a_log_too_short_for_an_earlier_week_has_no_relevance(table, articles, log):
    short = TIMELINE | {"first_day": "2020-09-10"}
    found = relevance.measure_relevance(table("customer int", []), articles, log, short, PARAMS, ONE_WEEK)
    assert len(found) == 0
    assert "article_attribute" in found.columns
