"""The figures of the comparison: what they show, and what they say of it."""

import json

import pandas as pd
import pytest

from hm_kedro.pipelines.evaluation.charts import CHARTS, draw_evaluation, evaluation_numbers

OLDER, NEWER = "2020-09-09", "2020-09-16"


def judged(older, newer, coverage):
    """Give the measures of a contestant by its MAP@12 of each week; recall is twice that."""
    by_week = {week: {"map12": map12, "recall12": 2 * map12} for week, map12 in ((NEWER, newer), (OLDER, older))}
    mean = (older + newer) / 2
    return {"map12": mean, "recall12": 2 * mean, "coverage": coverage, "repeat12": 0.125, "by_week": by_week}


METRICS = {
    "weeks": [NEWER, OLDER],
    "buyers": {NEWER: 20, OLDER: 10},
    "honesty_checks": 3,
    "contestants": {
        "bestsellers": judged(0.0625, 0.1875, 0.01),
        "heuristics": judged(0.25, 0.25, 0.5),
        "als_filled": judged(0.125, 0.125, 0.5),
        "ranker_als": judged(0.25, 0.25, 0.25),
        "ranker": judged(0.25, 0.5, 0.75),
        "oracle": judged(1.0, 1.0, 0.25),
        "our_model": judged(0.25, 0.25, 0.5),
    },
}
SCORES = pd.DataFrame(
    [
        ("bestsellers", "map12", 0.125, 0.0625, 0.1875, 2),
        ("ranker", "map12", 0.375, 0.25, 0.5, 2),
        ("oracle", "map12", 1.0, 1.0, 1.0, 2),
        ("our_model", "map12", 0.25, None, None, 1),
        ("ranker", "recall12", 0.75, 0.5, 1.0, 2),
    ],
    columns=["contestant", "metric", "value", "low", "high", "weeks"],
)
COMPARISON = pd.DataFrame(
    [
        ("als_filled", "heuristics", "map12", -0.125, -0.25, -0.0625, 0.01),
        ("ranker", "als_filled", "map12", 0.25, 0.125, 0.375, 0.01),
        ("ranker", "heuristics", "map12", 0.125, 0.0625, 0.1875, 0.01),
        ("ranker_als", "als_filled", "map12", 0.125, -0.125, 0.375, 0.5),
        # Whatever its p, an interval with zero in it tells nothing.
        ("our_model", "heuristics", "map12", 0.0, -0.125, 0.125, 0.01),
        ("oracle", "heuristics", "map12", 0.75, 0.5, 1.0, 0.01),
        ("ranker", "heuristics", "recall12", 0.25, 0.125, 0.375, 0.01),
    ],
    columns=["contestant", "other", "metric", "difference", "low", "high", "p_holm"],
)
KINDS = [
    # Dimension, level, buyers, then difference, low and high of the ranker.
    ("age_group", "unknown", 4, 0.0, -0.5, 0.5),
    ("age_group", "25 and older", 1000, 0.125, 0.0625, 0.25),
    ("age_group", "under 25", 50, -0.25, -0.375, -0.125),
    ("recency", "new: no purchase before", 30, 0.25, 0.125, 0.5),
    ("recency", "last week", 1024, 0.5, 0.25, 0.75),
]
ARTICLES = [
    # Dimension, level, bought, recall of the ranker; half of it is the best baseline's.
    ("popularity", "not sold lately", 5, 0.0),
    ("popularity", "tenth 10", 10, 0.125),
    ("popularity", "tenth 01", 1000, 0.5),
    ("repeat", "never bought before", 900, 0.0625),
    ("repeat", "bought before", 100, 0.25),
]
SEGMENTS = pd.DataFrame(
    [
        {"dimension": dimension, "level": level, "contestant": "ranker", "buyers": buyers, "other": "heuristics"}
        | {"difference": difference, "difference_low": low, "difference_high": high}
        for dimension, level, buyers, difference, low, high in KINDS
    ]
    + [
        {"dimension": dimension, "level": level, "contestant": contestant, "bought": bought, "value": value * recall}
        | {"low": 0.0, "high": 1.0}
        for dimension, level, bought, recall in ARTICLES
        for contestant, value in (("heuristics", 0.5), ("ranker", 1), ("bestsellers", 0))
    ]
)
NAMES = [
    "contestants",
    "comparison_forest",
    "metric_by_week",
    "accuracy_metrics",
    "beyond_accuracy",
    "segment_differences",
    "segment_articles",
]


def draw(metrics=METRICS, scores=SCORES, comparison=COMPARISON, segments=SEGMENTS):
    """Draw the figures by name."""
    figures = draw_evaluation(metrics, scores, comparison, segments)
    return dict(zip((chart.name for chart in CHARTS), figures, strict=True))


@pytest.fixture
def figures():
    return draw()


@pytest.fixture
def numbers():
    return evaluation_numbers(METRICS, SCORES, COMPARISON, SEGMENTS)


def test_there_is_a_figure_for_every_chart(figures):
    assert list(figures) == NAMES
    assert all(figure.data for figure in figures.values())


def test_numbers_are_such_as_json_keeps(numbers):
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    assert list(numbers) == NAMES


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "contestants",
            (
                "Highest is ranker with MAP@12 0.3750 (95 % interval 0.2500 to 0.5000), then our_model with 0.2500; "
                "the ranker's candidates in perfect order would reach 1.0000; that intervals overlap decides nothing, "
                "differences do."
            ),
        ),
        (
            "comparison_forest",
            (
                "Beside heuristics, the best baseline, better by more than chance explains: ranker +0.1250; worse: 1 "
                "of 3; ranker − als filled is +0.2500; ranker als − als filled is +0.1250, which may be chance."
            ),
        ),
        (
            "metric_by_week",
            (
                "MAP@12 of the ranker goes from 0.2500 (week of 2020-09-09) to 0.5000 (week of 2020-09-16); it is "
                "ahead of heuristics, the best baseline, in 1 of 2 weeks."
            ),
        ),
        ("accuracy_metrics", "The ranker beside heuristics, the best baseline: MAP@12 +50%, recall@12 +50%."),
        (
            "beyond_accuracy",
            "Of the ranker's lists: 75.0% of the articles sold lately are on a list, 12.5% of the places are repeats.",
        ),
        (
            "segment_differences",
            (
                "By its interval, each for itself, the ranker is better than heuristics for 3 of 5 kinds of customers "
                "and worse for 1; surest is its gain for last purchase before the week: last week (+0.5000, +0.2500 to "
                "+0.7500, 1,024 buyers); surest is its loss for age: under 25 (-0.2500, -0.3750 to -0.1250, 50 buyers)."
            ),
        ),
        (
            "segment_articles",
            (
                "Of what is bought the ranker finds 50.0% of the best sold tenth, 12.5% of the least sold tenth, 25.0% "
                "of repeats, 6.2% of articles that the customer never bought before."
            ),
        ),
    ],
)
def test_the_reading_of_a_figure_says_its_numbers(numbers, name, sentence):
    chart = next(chart for chart in CHARTS if chart.name == name)
    assert chart.read(numbers[name]) == sentence


def test_contestants_stand_in_the_order_of_their_value_marked_by_kind(figures):
    figure = figures["contestants"]
    assert list(figure.layout.yaxis.categoryarray) == ["ranker", "our_model", "bestsellers"]
    kinds = {trace.name: dict(zip(trace.y, trace.x, strict=True)) for trace in figure.data if trace.name}
    assert kinds == {
        "ALS and the ranker": {"ranker": 0.375},
        "baseline": {"bestsellers": 0.125},
        "from outside": {"our_model": 0.25},
    }


def test_the_oracle_is_noted_and_does_not_stretch_the_axis(figures):
    (note,) = figures["contestants"].layout.annotations
    assert note.text == "beyond the axis: the candidates in perfect order, 1.0000"
    assert max(max(trace.x) for trace in figures["contestants"].data if trace.x) == 0.5


def test_intervals_reach_from_low_to_high_and_may_be_missing(figures):
    bars = {trace.name: trace.error_x for trace in figures["contestants"].data}
    assert (bars["ALS and the ranker"].array, bars["ALS and the ranker"].arrayminus) == ((0.125,), (0.125,))
    assert bars["from outside"].array == (None,)


def test_differences_to_the_best_baseline_come_before_those_of_the_rankers_parts(figures):
    assert list(figures["comparison_forest"].layout.yaxis.categoryarray) == [
        "ranker − heuristics",
        "our_model − heuristics",
        "als filled − heuristics",
        "ranker − als filled",
        "ranker als − als filled",
    ]


def test_differences_that_may_be_chance_are_marked(figures):
    sure, chance = figures["comparison_forest"].data
    assert set(sure.y) == {"ranker − heuristics", "als filled − heuristics", "ranker − als filled"}
    assert set(chance.y) == {"our_model − heuristics", "ranker als − als filled"}
    assert sure.marker.symbol != chance.marker.symbol


def test_the_oracle_is_no_difference_worth_showing(numbers):
    assert "oracle" not in numbers["comparison_forest"]["contestant"]


def test_weeks_go_from_the_oldest_to_the_newest(figures):
    curves = {curve.name: list(curve.y) for curve in figures["metric_by_week"].data}
    assert list(figures["metric_by_week"].data[0].x) == [OLDER, NEWER]
    assert curves == {
        "ranker": [0.25, 0.5],
        "ranker als": [0.25, 0.25],
        "als filled": [0.125, 0.125],
        "heuristics": [0.25, 0.25],
        "bestsellers": [0.0625, 0.1875],
    }


def test_a_single_judged_week_has_no_figure_by_week():
    contestants = {
        name: scores | {"by_week": {NEWER: scores["by_week"][NEWER]}} for name, scores in METRICS["contestants"].items()
    }
    figures = draw(metrics=METRICS | {"weeks": [NEWER], "contestants": contestants})
    assert [name for name in NAMES if not figures[name].data] == ["metric_by_week"]


def test_metrics_are_told_beside_the_best_baselines(figures):
    (heat,) = figures["accuracy_metrics"].data
    assert list(heat.x) == ["MAP@12", "recall@12"]
    rows = dict(zip(heat.y, heat.z, strict=True))
    assert (list(rows["ranker"]), list(rows["heuristics"]), list(rows["als filled"])) == (
        [1.5, 1.5],
        [1, 1],
        [0.5, 0.5],
    )
    assert "oracle" not in rows
    texts = dict(zip(heat.y, heat.text, strict=True))
    assert (texts["ranker"][0], texts["heuristics"][0]) == ("0.3750<br>+50%", "0.2500")


def test_measures_of_lists_without_values_are_left_out(figures):
    panels = {trace.name: dict(zip(trace.y, trace.x, strict=True)) for trace in figures["beyond_accuracy"].data}
    assert list(panels) == ["coverage", "repeats"]
    assert panels["coverage"]["ranker"] == 0.75
    assert "oracle" not in panels["coverage"]


def test_levels_stand_in_their_own_order_with_their_buyers(figures):
    recency, age = (trace for trace in figures["segment_differences"].data if trace.name == "ranker")
    assert list(recency.y) == ["last week (1,024)", "new: no purchase before (30)"]
    assert list(age.y) == ["under 25 (50)", "25 and older (1,000)", "unknown (4)"]
    assert list(age.x) == [-0.25, 0.125, 0.0]
    assert list(age.error_x.array) == [0.125, 0.125, 0.5]


def test_recall_by_articles_is_that_of_the_best_baseline_and_the_models(figures):
    curves = [trace for trace in figures["segment_articles"].data if trace.xaxis == "x"]
    assert [curve.name for curve in curves] == ["ranker", "heuristics"]
    assert list(curves[0].x) == ["1<br>best sold", "10", "not sold<br>lately"]
    assert (list(curves[0].y), list(curves[1].y)) == ([0.5, 0.125, 0.0], [0.25, 0.0625, 0.0])


def test_that_nobody_is_better_is_said():
    chart = next(chart for chart in CHARTS if chart.name == "comparison_forest")
    worse = COMPARISON[COMPARISON["contestant"] == "als_filled"]
    numbers = evaluation_numbers(METRICS, SCORES, worse, SEGMENTS)
    assert chart.read(numbers["comparison_forest"]) == (
        "Beside heuristics, the best baseline, better by more than chance explains: none; worse: 1 of 1."
    )


def test_without_a_judged_week_figures_have_no_traces():
    nothing = pd.DataFrame()
    figures = draw({"weeks": [], "buyers": {}, "honesty_checks": 0, "contestants": {}}, nothing, nothing, nothing)
    assert list(figures) == NAMES
    assert not any(figure.data for figure in figures.values())
    assert evaluation_numbers({}, SCORES[:0], COMPARISON[:0], SEGMENTS[:0]) == {}


def test_what_was_not_compared_has_no_figure():
    nothing = pd.DataFrame()
    figures = draw(scores=nothing, comparison=nothing, segments=nothing)
    assert [name for name in NAMES if figures[name].data] == ["metric_by_week", "beyond_accuracy"]
