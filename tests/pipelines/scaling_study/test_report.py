"""The report of a study: everything in it, as JSON keeps it, and what it says in words."""

import json

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import example, given, settings
from tests.pipelines.scaling_study.made import measured, repeat
from tests.pipelines.scaling_study.study import QUALITY, report, study

from hm_kedro.chart import row_by_row
from hm_kedro.pipelines.scaling_study.charts import CHARTS, draw_scaling, scaling_numbers
from hm_kedro.pipelines.scaling_study.claims import TOPICS, claim_rows, list_topics
from hm_kedro.pipelines.scaling_study.measurements import OK, STATUSES
from hm_kedro.pipelines.scaling_study.report import fit_scaling


@pytest.fixture(scope="module")
def fitted():
    return report()


@pytest.fixture(scope="module")
def told(fitted):
    return list_topics(fitted)


def rows(fitted, table, **wanted):
    return [row for row in row_by_row(fitted[table]) if all(row[name] == value for name, value in wanted.items())]


def test_json_keeps_the_report(fitted):
    assert json.loads(json.dumps(fitted, allow_nan=False)) == fitted
    assert all(fitted.values())


def test_configurations_have_medians_spread_and_utilisation(fitted):
    (row,) = rows(fitted, "configurations", stage="train", contestant="spark", cores=1)
    assert (row["seconds"], row["low"], row["high"]) == (24.0, 23.76, 24.48)
    assert row["utilisation"] == pytest.approx(15 / 24)
    assert row["shuffle_bytes"] is None


def test_planted_exponents_and_overheads_are_found(fitted):
    (sail,) = rows(fitted, "growth", measure="seconds", stage="train", contestant="sail")
    assert sail["exponent"] == pytest.approx(1)
    (spark,) = rows(fitted, "growth", measure="seconds", stage="train", contestant="spark")
    assert (spark["law"], spark["overhead"]) == ("overhead", pytest.approx(5, rel=1e-3))
    (single,) = rows(fitted, "growth", measure="seconds", stage="train", contestant="lightgbm")
    assert (single["sizes"], single["failed"]) == (4, 1)


def test_failures_are_listed_with_their_last_words(fitted):
    assert [(row["contestant"], row["failure"], row["message"]) for row in row_by_row(fitted["failures"])] == [
        ("pandas", "out of memory after 10 s", "MemoryError"),
        ("spark", "out of memory after 10 s", None),
        ("lightgbm", "did not end within 3,600 s", None),
    ]


def test_the_machine_is_told_with_the_days(fitted):
    (row,) = row_by_row(fitted["machine"])
    assert (row["machine"], row["machine_cores"], row["first"], row["last"]) == (
        "a machine",
        2,
        "2026-11-26",
        "2026-11-26",
    )


def test_all_topics_are_told_in_their_order(told):
    assert list(told) == list(TOPICS.values())


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (
            "In short",
            "At the largest size a single thread wins against Spark on 2 cores in 1 of 2 stages: read (DuckDB).",
        ),
        (
            "In short",
            "Against pandas, synthetic, Spark is faster from 9.5 million transactions (read) on.",
        ),
        ("In short", "pandas does not come to an end from 32 million transactions (read) on."),
        (
            "In short",
            "On 2 cores, at the largest size measured, Spark takes 1.31 (train) to 2.75 times as long (read) as Sail.",
        ),
        ("In short", "2 cores make Sail 1.33 (whole) to 2.00 times (train) as fast as one."),
        (
            "In short",
            ("The whole of 32 million transactions, the most run to its end, takes Sail on 2 cores 300 s and 1.0 GiB."),
        ),
        ("In short", "9 of 141 runs did not come to a good end; they count as endless in every median."),
        (
            "Against a single thread",
            (
                "read, 32 million transactions: one thread of DuckDB takes 10 s; Spark is never faster up to 2 cores "
                "(55 s on 2 cores, 5.50 times as long (95 % interval 5.50 to 5.50)); Sail is never faster up to 2 "
                "cores (20 s on 2 cores, 2.00 times as long (95 % interval 2.00 to 2.00))."
            ),
        ),
        (
            "Against a single thread",
            (
                "train, 3.2 million transactions: one thread of LightGBM takes 12 s; Spark is never faster up to 2 "
                "cores (15 s on 2 cores, 1.25 times as long (95 % interval 1.25 to 1.25)); Sail is faster from 2 cores "
                "(8.0 s on 2 cores, 0.67 times as long (95 % interval 0.67 to 0.67))."
            ),
        ),
        (
            "Against a single thread",
            (
                "train, 32 million transactions: no single thread came to an end (LightGBM did not end within 3,600 "
                "s); Spark is faster from 2 cores; fewer were not measured (105 s on 2 cores); Sail is faster from 2 "
                "cores; fewer were not measured (80 s on 2 cores)."
            ),
        ),
        (
            "Against pandas",
            (
                "read, synthetic: Spark is faster than pandas from 9.5 million transactions on, not yet at 3.2 "
                "million; at 9.5 million it takes 0.67 times as long (95 % interval 0.67 to 0.67); pandas ends at 32 "
                "million: out of memory after 10 s."
            ),
        ),
        (
            "Engine against engine",
            (
                "train, 32 million transactions, 2 cores: Spark takes 1.31 times as long as Sail (95 % interval 1.31 "
                "to 1.31)."
            ),
        ),
        (
            "More cores",
            (
                "train on Spark, synthetic 0.1: Amdahl's serial share is 0.25 (95 % interval 0.25 to 0.25), which "
                "leaves a speedup of 4.0 at most; 2 times the data on 2 cores take 1.04 times as long (larger size "
                "interpolated)."
            ),
        ),
        (
            "More cores",
            (
                "2 core counts: Amdahl's share is exactly determined, no interval from residuals; interval from the "
                "repeats' ratios; the universal law is not fitted to fewer than 4."
            ),
        ),
        ("More cores", "At the largest size Spark keeps 7% (train) to 14% (read) of 2 cores busy."),
        (
            "Larger settings",
            (
                "train, synthetic 0.1: with candidates (3 values, 50 to 200) time grows to the power 0.79 with Spark "
                "(95 % interval −0.73 to 2.31)."
            ),
        ),
        (
            "Quality",
            (
                "demo, customers from 0.5 to 1: MAP@12 of ranker goes from 0.0200 (95 % interval 0.0190 to 0.0210) to "
                "0.0300 (95 % interval 0.0290 to 0.0310): +0.0100 (95 % interval 0.0080 to 0.0120), better."
            ),
        ),
        (
            "More data",
            (
                "read, synthetic: time grows with the transactions to the power 0.50 with Spark (95 % interval 0.24 to "
                "0.76; 5 sizes, less than in proportion) or, better, 5.0 s at any size and beside it 1.00; 1.00 with "
                "Sail (95 % interval 1.00 to 1.00; 5 sizes, proportion is not excluded); 1.00 with pandas (95 % "
                "interval 1.00 to 1.00; 4 sizes, proportion is not excluded); 1.00 with DuckDB (95 % interval 1.00 to "
                "1.00; 5 sizes, proportion is not excluded)."
            ),
        ),
        ("What failed", "train with LightGBM on 1 core, synthetic 1: did not end within 3,600 s."),
    ],
)
def test_what_was_found_is_told_with_its_numbers(told, topic, said):
    assert said in told[topic], told[topic]


def test_the_whole_is_predicted_in_words(told):
    assert any(
        one.startswith("Prediction: at 10 times H&M's size (318 million transactions) the whole takes Sail 50 min")
        for one in told["Predictions"]
    )
    assert any(
        one.startswith("Prediction: 64 cores make the whole on Sail, synthetic 0.1, 2.0 times as fast as one")
        for one in told["Predictions"]
    )


def test_a_prediction_that_could_be_anything_is_none(fitted):
    predicted = fitted["size_predictions"]
    unsure = {**fitted, "size_predictions": predicted | {"low": [1.0] * len(predicted["low"])}}
    told = [row["claim"] for row in claim_rows(unsure) if row["topic"] == "predictions"]
    said = "How long Sail takes for the whole at 10 times H&M's size (318 million transactions) is not told"
    assert any(one.startswith(said) for one in told), told


DRAWN, FASTER = (1.2, 1.0, 0.8), (0.8, 1.0, 1.2)


def in_short(*configurations):
    return list_topics(fit_scaling(measured(*configurations), {}))["In short"]


@pytest.mark.parametrize("seconds", [9.5, 10.5])
def test_a_draw_with_a_single_thread_is_won_by_neither(seconds):
    (said, *_) = in_short(
        repeat(10.0, FASTER, contestant="lightgbm", cores=1),
        repeat(seconds, DRAWN),
        repeat(10.0, contestant="duckdb", cores=1, stage="read"),
        repeat(20.0, stage="read"),
    )
    assert said == (
        "At the largest size a single thread wins against Spark on 2 cores in 1 of 2 stages: read (DuckDB); not told "
        "apart in train (LightGBM)."
    )


@pytest.mark.parametrize("seconds", [9.5, 10.5])
def test_a_draw_with_pandas_is_won_by_neither(seconds):
    told = in_short(
        *(repeat(size, size=size, contestant="pandas", cores=1, stage="read") for size in (1.0, 2.0)),
        *(repeat(size / 2, size=size, stage="read") for size in (1.0, 2.0)),
        repeat(10.0, FASTER, contestant="pandas", cores=1, stage="article_features"),
        repeat(seconds, DRAWN, stage="article_features"),
    )
    assert (
        "Against pandas, synthetic, Spark is faster from 32 million transactions (read) on, not told apart from it at "
        "3.2 million transactions (article features)."
    ) in told


def test_one_size_and_two_repeats_are_told_without_a_fit():
    fitted = fit_scaling(measured(repeat(1.0, (1, 1))), {})
    assert fitted["core_laws"] == fitted["size_predictions"] == fitted["curves"] == {}
    assert list_topics(fitted)["More data"] == [
        "Synthetic: no exponent of time is fitted to fewer than 3 sizes: train (Spark 1)."
    ]


def test_a_part_without_buyers_has_no_quality():
    nobody = {name: [*values, None] for name, values in QUALITY.items()}
    nobody |= {"log": [*QUALITY["log"], "demo"], "axis": [*QUALITY["axis"], "customers"]}
    nobody |= {"value": [*QUALITY["value"], 0.1], "method": [*QUALITY["method"], "ranker"]}
    fitted = fit_scaling(measured(), nobody)
    assert list_topics(fitted)["Quality"][0].startswith("demo, customers from 0.5 to 1: MAP@12 of ALS goes from 0.0125")
    assert 0.1 not in scaling_numbers(fitted)["scaling_quality"]["value"]


@pytest.mark.parametrize(
    ("change", "low", "high", "said"),
    [
        (0.001, -0.001, 0.003, "+0.0010 (95 % interval −0.0010 to 0.0030), which may be chance"),
        (-0.002, -0.003, -0.001, "−0.0020 (95 % interval −0.0030 to −0.0010), worse"),
        (0.0, 0.0, 0.0, "no difference"),
        (0.00003, 0.00001, 0.00008, "+0.0000 (95 % interval 0.0000 to 0.0001), which may be chance"),
        (-0.00003, -0.00008, 0.00001, "+0.0000 (95 % interval −0.0001 to 0.0000), which may be chance"),
        (None, None, None, "without an interval of the difference nothing is said of chance"),
    ],
)
def test_a_difference_in_quality_is_told_with_what_chance_leaves_of_it(change, low, high, said):
    found = {"change": change, "change_low": low, "change_high": high}
    judged = {name: values[:2] for name, values in QUALITY.items()}
    judged |= {name: [None, value] for name, value in found.items()}
    assert list_topics(fit_scaling(measured(), judged))["Quality"][0].endswith(f": {said}.")


def test_a_study_that_was_not_run_is_an_empty_report():
    assert not any(fit_scaling(pd.DataFrame(), {}).values())


def test_nothing_measured_is_an_empty_report():
    fitted = fit_scaling(measured(), {})
    assert not any(fitted.values())
    assert list(list_topics(fit_scaling(measured(), QUALITY))) == ["Quality"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 140), min_size=1, max_size=60, unique=True), st.sampled_from(STATUSES), st.booleans())
@example([0, 22, 15, 14, 13], "out of memory", False)
def test_whatever_runs_there_are_make_a_report_with_figures(places, status, with_quality):
    measurements = study().iloc[places].copy()
    measurements.loc[measurements.index[::3], ["status", "seconds", "peak_bytes"]] = [status, None, None]
    if status == OK:
        measurements["seconds"] = measurements["seconds"].fillna(1.0)
    fitted = fit_scaling(measurements, QUALITY if with_quality else {})
    json.dumps(fitted, allow_nan=False)
    assert len(draw_scaling(fitted)) == len(CHARTS)
    numbers = scaling_numbers(fitted)
    assert all(chart.read(numbers[chart.name]) for chart in CHARTS if chart.name in numbers)
