"""What may be said of contestants: means with intervals, pairs, segments, and the sentences about them."""

import numpy as np
import pandas as pd
import pytest
from tests.conftest import day

from hm_kedro.parameters import ComparisonParameters
from hm_kedro.pipelines.evaluation.certainty import (
    claim,
    compare_contestants,
    compare_segments,
    find_best_baseline,
    in_order,
    list_pairs,
)
from hm_kedro.pipelines.evaluation.metrics import ACCURACY, LISTS

SCORES = "contestant string, week date, customer int, bought int, hits int, " + ", ".join(
    f"{name} double" for name in (*ACCURACY, *LISTS)
)
SEGMENTS = "week date, customer int, recency string, past_purchases string, age_group string, channel string"
HITS = "contestant string, week date, customer int, kind string, level string, bought int, hits int"
WEEK, NEXT = day("2020-09-02"), day("2020-09-09")
PARAMS = ComparisonParameters.model_construct(resamples=200, seed=7)


@pytest.fixture
def scores(table):
    """Scores of `ap12` by (contestant, week) and customer; all other metrics are the same but for those given."""

    def make(of, **others):
        rows = []
        for (contestant, week), by_customer in of.items():
            for customer, ap12 in by_customer.items():
                values = [others.get(name, {}).get(customer, ap12) for name in (*ACCURACY, *LISTS)]
                rows.append((contestant, week, customer, 2, 1, *values))
        return table(SCORES, rows)

    return make


def of_metric(frame: pd.DataFrame, metric: str = "map12") -> pd.DataFrame:
    return frame[frame["metric"] == metric].drop(columns="metric").reset_index(drop=True)


def test_a_mean_is_over_buyers_and_then_over_weeks(scores):
    means, _ = compare_contestants(
        scores({("ranker", WEEK): {1: 0.5, 2: 0.25, 3: 0.0}, ("ranker", NEXT): {1: 0.75}}), PARAMS
    )
    [row] = of_metric(means).to_dict("records")
    assert (row["contestant"], row["value"], row["weeks"]) == ("ranker", 0.5, 2)
    assert row["low"] < 0.5 < row["high"]


def test_every_metric_of_every_contestant_has_a_row(scores):
    means, _ = compare_contestants(scores({("ranker", WEEK): {1: 0.5}, ("bestsellers", WEEK): {1: 0.25}}), PARAMS)
    names = ["map12", *ACCURACY[1:], *LISTS]
    assert means["metric"].tolist() == names * 2
    assert means["contestant"].tolist() == ["bestsellers"] * len(names) + ["ranker"] * len(names)


def test_those_for_whom_a_metric_is_not_defined_are_left_out_of_its_mean(scores):
    means, _ = compare_contestants(scores({("ranker", WEEK): {1: 0.5, 2: 0.25}}, revenue12={1: None}), PARAMS)
    assert of_metric(means, "revenue12")["value"].tolist() == [0.25]
    assert of_metric(means, "recall12")["value"].tolist() == [0.375]


def test_a_metric_that_is_defined_for_nobody_has_no_row(scores):
    table = scores({("ranker", WEEK): {1: 0.5}, ("als", WEEK): {1: 0.5}}, revenue12={1: None})
    means, compared = compare_contestants(table, PARAMS)
    assert "revenue12" not in {*means["metric"], *compared["metric"]}


def test_a_week_without_a_defined_score_does_not_count(scores):
    table = scores({("ranker", WEEK): {1: 0.5}, ("ranker", NEXT): {2: 0.25}}, revenue12={1: None})
    means, _ = compare_contestants(table, PARAMS)
    assert of_metric(means, "revenue12")[["value", "weeks"]].values.tolist() == [[0.25, 1]]


def test_a_copy_differs_in_no_resample(scores):
    drawn = {customer: float(score) for customer, score in enumerate(np.random.default_rng(0).random(50))}
    _, compared = compare_contestants(scores({("ranker", WEEK): drawn, ("bestsellers", WEEK): drawn}), PARAMS)
    assert len(compared) == len(ACCURACY)
    assert (compared[["difference", "low", "high"]] == 0).all(axis=None)
    assert (compared[["p", "p_holm"]] == 1).all(axis=None)
    assert compared["claim"][0] == "ranker and bestsellers score the same on MAP@12."


def test_a_constant_lead_is_certain_however_much_customers_differ(scores):
    drawn = {customer: customer / 64 for customer in range(32)}
    better = {customer: score + 0.25 for customer, score in drawn.items()}
    _, compared = compare_contestants(scores({("ranker", WEEK): better, ("heuristics", WEEK): drawn}), PARAMS)
    row = of_metric(compared).iloc[0]
    assert row[["difference", "low", "high"]].tolist() == [0.25, 0.25, 0.25]
    assert row["value"] - row["other_value"] == 0.25
    assert row["p"] == pytest.approx(2 / 201)
    assert row["p_holm"] == pytest.approx(7 * 2 / 201)


def test_weeks_are_compared_one_by_one(scores):
    _, compared = compare_contestants(
        scores(
            {
                ("ranker", WEEK): {1: 0.5, 2: 0.5},
                ("ranker", NEXT): {1: 0.25, 3: 0.25},
                ("bestsellers", WEEK): {1: 0.25, 2: 0.25},
                ("bestsellers", NEXT): {1: 0.375, 3: 0.375},
            }
        ),
        PARAMS,
    )
    row = of_metric(compared).iloc[0]
    assert row[["difference", "weeks", "weeks_ahead"]].tolist() == [0.0625, 2, 1]
    # Of 0.25 and -0.125.
    assert row["week_spread"] == pytest.approx(0.375 / np.sqrt(2))


def test_one_week_has_no_spread(scores):
    _, compared = compare_contestants(scores({("ranker", WEEK): {1: 0.5}, ("bestsellers", WEEK): {1: 0.25}}), PARAMS)
    assert compared["week_spread"].isna().all()


def test_a_contestant_of_one_week_is_compared_in_that_week_alone(scores):
    means, compared = compare_contestants(
        scores(
            {
                ("bestsellers", WEEK): {1: 0.0, 2: 0.0},
                ("bestsellers", NEXT): {1: 0.5, 2: 0.5},
                ("from outside", NEXT): {1: 0.25, 2: 0.25},
            }
        ),
        PARAMS,
    )
    assert of_metric(means)["value"].tolist() == [0.25, 0.25]
    row = of_metric(compared).iloc[0]
    assert row[["contestant", "other", "value", "other_value", "weeks"]].tolist() == [
        "from outside",
        "bestsellers",
        0.25,
        0.5,
        1,
    ]


def test_customers_of_two_weeks_are_drawn_with_both(scores):
    rng = np.random.default_rng(0)
    drawn = {customer: float(score) for customer, score in enumerate(rng.random(200))}
    once, _ = compare_contestants(scores({("ranker", WEEK): drawn}), PARAMS)
    twice, _ = compare_contestants(scores({("ranker", WEEK): drawn, ("ranker", NEXT): drawn}), PARAMS)
    assert twice[["value", "low", "high"]].equals(once[["value", "low", "high"]])


def test_the_best_baseline_is_that_of_the_highest_map12():
    map12 = {"bestsellers": {WEEK: 0.25, NEXT: 0.5}, "heuristics": {WEEK: 0.5, NEXT: 0.5}, "ranker": {WEEK: 0.75}}
    assert find_best_baseline(map12) == "heuristics"


def test_of_equal_baselines_the_first_is_the_best():
    assert find_best_baseline({"heuristics": {WEEK: 0.5}, "bestsellers": {WEEK: 0.5}}) == "bestsellers"


def test_all_but_the_oracle_are_compared_with_the_best_baseline():
    contestants = in_order(["oracle", "ranker", "from outside", "heuristics", "bestsellers", "als"])
    assert list_pairs(contestants, "heuristics") == [
        ("als", "heuristics"),
        ("ranker", "heuristics"),
        ("from outside", "heuristics"),
        ("bestsellers", "heuristics"),
    ]


def test_pairs_of_models_follow_where_both_are_there():
    contestants = ["bestsellers", "als_filled", "ranker_als", "ranker"]
    assert list_pairs(contestants, "bestsellers")[3:] == [
        ("ranker", "als_filled"),
        ("ranker", "ranker_als"),
        ("ranker_als", "als_filled"),
    ]
    assert list_pairs(["bestsellers", "als_filled", "ranker"], "bestsellers")[2:] == [("ranker", "als_filled")]


def test_without_a_baseline_models_alone_are_compared():
    assert list_pairs(["als_filled", "ranker"], None) == [("ranker", "als_filled")]


def test_without_a_judged_week_there_are_no_rows_but_their_columns(table, scores):
    means, compared = compare_contestants(scores({}), PARAMS)
    segments = compare_segments(scores({}), table(SEGMENTS, []), table(HITS, []), PARAMS)
    assert [len(frame) for frame in (means, compared, segments)] == [0, 0, 0]
    assert list(means) == ["contestant", "metric", "value", "low", "high", "weeks"]
    assert {"p_holm", "claim"} < set(compared)
    assert {"dimension", "difference_high"} < set(segments)


def said(tests=10, resamples=1000, **changes):
    """The claim about a clear lead, but for the changes."""
    row = {
        "contestant": "ranker",
        "other": "heuristics",
        "metric": "map12",
        "value": 0.0296,
        "other_value": 0.027,
        "difference": 0.0026,
        "low": 0.0012,
        "high": 0.00399,
        "p": 0.004,
        "p_holm": 0.04,
        "weeks": 10,
        "weeks_ahead": 8,
    }
    return claim(row | changes, tests, resamples)


def test_a_lead_beyond_chance_is_claimed():
    assert said() == (
        "ranker beats heuristics on MAP@12 by 0.0026 (+9.6 %; 95 % interval 0.0012 to 0.0040), in 8 of 10 weeks; "
        "Holm-corrected p 0.04."
    )


def test_so_is_a_lag():
    assert said(difference=-0.0026, low=-0.00399, high=-0.0012, weeks_ahead=2) == (
        "ranker falls behind heuristics on MAP@12 by 0.0026 (−9.6 %; 95 % interval −0.0040 to −0.0012), ahead in 2 of "
        "10 weeks; Holm-corrected p 0.04."
    )


def test_where_zero_is_in_the_interval_nothing_is_claimed():
    assert said(low=-0.0004, high=0.0056, p=0.09, p_holm=0.9) == (
        "ranker can't be told from heuristics on MAP@12: the interval −0.0004 to 0.0056 has zero in it; ahead in 8 of "
        "10 weeks."
    )


def test_nor_where_an_interval_ends_at_zero():
    assert "can't be told" in said(low=0.0)


def test_a_lead_that_the_number_of_comparisons_explains_is_called_so():
    assert said(p_holm=0.4, tests=100) == (
        "ranker is ahead of heuristics on MAP@12 by 0.0026 (+9.6 %; 95 % interval 0.0012 to 0.0040), in 8 of 10 weeks, "
        "but of 100 comparisons one may come out so by chance: p 0.004, Holm-corrected 0.4."
    )


def test_it_is_said_where_more_resamples_might_tell():
    assert said(p=2 / 1001, p_holm=0.2, tests=100).endswith(
        "but of 100 comparisons one may come out so by chance: p 0.002, the least that so few resamples can give, "
        "Holm-corrected 0.2."
    )


def test_of_one_week_nothing_is_said_of_others():
    assert said(weeks=1, weeks_ahead=1) == (
        "ranker beats heuristics on MAP@12 by 0.0026 (+9.6 %; 95 % interval 0.0012 to 0.0040); Holm-corrected p 0.04; "
        "one week: nothing is said of other weeks."
    )
    assert said(weeks=1, weeks_ahead=1, low=-0.0004) == (
        "ranker can't be told from heuristics on MAP@12: the interval −0.0004 to 0.0040 has zero in it; one week: "
        "nothing is said of other weeks."
    )


def test_contestants_are_called_as_in_the_figures_and_those_from_outside_as_they_are():
    assert said(contestant="our_model", other="age_bestsellers").startswith("our_model beats age bestsellers on MAP@12")


def test_a_lead_over_nothing_has_no_percentage():
    assert "by 0.0026 (95 % interval" in said(other_value=0.0)


def test_small_leads_keep_two_digits():
    assert "by 0.000026 (+0.1 %; 95 % interval 0.000012 to 0.000040)" in said(
        difference=0.000026, low=0.000012, high=0.00004
    )


@pytest.fixture
def segments(table, scores):
    """Two contestants' segments: customers 1 and 2 in both weeks, 3 in one; 2 changes from one level to another."""
    of = {
        ("bestsellers", WEEK): {1: 0.25, 2: 0.5, 3: 0.0},
        ("bestsellers", NEXT): {1: 0.25, 2: 0.0},
        ("ranker", WEEK): {1: 0.5, 2: 0.75, 3: 0.25},
        ("ranker", NEXT): {1: 0.5, 2: 0.25},
        ("oracle", WEEK): {1: 1.0, 2: 1.0, 3: 1.0},
        ("oracle", NEXT): {1: 1.0, 2: 1.0},
        ("from outside", NEXT): {1: 0.0, 2: 0.0},
    }
    levels = [
        (WEEK, 1, "last week", "5 to 19", "25 to 34", "store"),
        (WEEK, 2, "older", "5 to 19", "25 to 34", "store"),
        (WEEK, 3, "older", "1 to 4", "25 to 34", "store"),
        (NEXT, 1, "last week", "5 to 19", "25 to 34", "store"),
        (NEXT, 2, "last week", "20 to 99", "25 to 34", "store"),
    ]
    hits = [
        ("bestsellers", WEEK, 1, "repeat", "bought before", 1, 0),
        ("bestsellers", WEEK, 2, "repeat", "bought before", 3, 1),
        ("bestsellers", WEEK, 1, "repeat", "never bought before", 1, 0),
        ("ranker", WEEK, 1, "repeat", "bought before", 1, 1),
        ("ranker", WEEK, 2, "repeat", "bought before", 3, 2),
        ("ranker", WEEK, 1, "repeat", "never bought before", 1, 0),
    ]
    found = compare_segments(scores(of), table(SEGMENTS, levels), table(HITS, hits), PARAMS)
    return found.set_index(["dimension", "level", "contestant"])


def test_a_segments_map12_is_over_its_buyers_of_all_weeks(segments):
    row = segments.loc["recency", "last week", "ranker"]
    assert row[["buyers", "bought", "measure"]].tolist() == [3, 6, "map12"]
    assert row["value"] == pytest.approx((0.5 + 0.5 + 0.25) / 3, abs=1e-9)
    assert row["low"] <= row["value"] <= row["high"]


def test_a_segment_is_compared_with_the_best_baseline(segments):
    row = segments.loc["recency", "older", "ranker"]
    assert row["other"] == "bestsellers"
    assert row[["difference", "difference_low", "difference_high"]].tolist() == [0.25, 0.25, 0.25]


def test_a_segment_is_compared_over_the_weeks_of_both(segments):
    row = segments.loc["age_group", "25 to 34", "from outside"]
    assert row[["buyers", "value", "difference"]].tolist() == [2, 0.0, -0.125]


def test_of_articles_recall_is_the_share_of_those_bought(segments):
    row = segments.loc["repeat", "bought before", "ranker"]
    assert row[["buyers", "bought", "measure", "value", "difference"]].tolist() == [2, 4, "recall", 0.75, 0.5]


def test_neither_the_best_baseline_nor_the_oracle_is_compared(segments):
    for contestant in ("bestsellers", "oracle"):
        row = segments.loc["recency", "older", contestant]
        assert row[["other", "difference", "difference_low", "difference_high"]].isna().all()


def test_levels_and_contestants_keep_their_order(segments):
    levels = list(dict.fromkeys(key[:2] for key in segments.index))
    assert levels == [
        ("recency", "last week"),
        ("recency", "older"),
        ("past_purchases", "1 to 4"),
        ("past_purchases", "5 to 19"),
        ("past_purchases", "20 to 99"),
        ("age_group", "25 to 34"),
        ("channel", "store"),
        ("repeat", "bought before"),
        ("repeat", "never bought before"),
    ]
    assert [key[2] for key in segments.index[:4]] == ["bestsellers", "ranker", "from outside", "oracle"]
