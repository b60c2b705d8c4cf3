"""The last words of a run."""

from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from hm_kedro.parameters import Parameters
from hm_kedro.summary import print_summary

SHOP = {
    "first_day": "2018-09-20",
    "last_day": "2020-09-22",
    "transactions": 31_788_324,
    "customers": 1_371_980,
    "customers_with_a_transaction": 1_362_281,
    "share_with_a_transaction": 0.99293,
    "articles": 105_542,
}
METRICS = {
    "weeks": ["2020-09-16", "2020-09-09"],
    "buyers": {"2020-09-16": 68_984},
    "contestants": {
        "ranker": {"map12": 0.03, "recall12": 0.1, "by_week": {}},
        "als": {"map12": 0.01234, "recall12": 0.05, "by_week": {}},
        "bestsellers": {"map12": 0.02, "recall12": 0.02, "by_week": {}},
    },
}
SCORES = pd.DataFrame(
    [("ranker", "map12", 0.029, 0.031), ("ranker", "recall12", 0.09, 0.11), ("als", "map12", None, None)],
    columns=["contestant", "metric", "low", "high"],
)
COMPARISON = pd.DataFrame(
    [
        ("ranker", "ranker_als", "map12", 0.01, "Better [than] ALS's candidates alone."),
        ("ranker", "als_filled", "map12", 0.02, "Better [than] ALS."),
        ("ranker", "bestsellers", "recall12", 0.08, "Finds more."),
        ("ranker", "bestsellers", "map12", 0.01, "Better than bestsellers."),
        ("als_filled", "bestsellers", "map12", -0.01, "Worse than bestsellers."),
    ],
    columns=["contestant", "other", "metric", "difference", "claim"],
)


@pytest.fixture
def said(capsys, monkeypatch):
    """What is printed after a run that made the data sets given."""
    monkeypatch.setenv("COLUMNS", "80")

    def say(output_dir: str = "data", **made: Any) -> str:
        catalog = DataCatalog({name: MemoryDataset(value) for name, value in made.items()})
        pipeline = Pipeline([Node(lambda: None, None, list(made), name="make_all")] if made else [])
        parameters = Parameters.model_construct(raw_dir="hm-files", output_dir=output_dir)
        print_summary({"project_path": "/project"}, pipeline, catalog, parameters)
        return capsys.readouterr().out

    return say


def test_a_run_that_made_nothing_of_interest_is_silent(said):
    assert said(articles="a table") == ""


def test_the_data_are_told_in_one_line(said):
    assert said(eda_summary=SHOP).strip() == (
        "data: hm-files, 2018-09-20 to 2020-09-22: 31,788,324 transactions by 1,362,281 of 1,371,980 customers "
        "(99.3%), 105,542 articles"
    )


def test_judged_weeks_are_told_with_their_buyers(said):
    assert "judged weeks: 2020-09-16 (68,984 buyers), 2020-09-09 (0 buyers)\n" in said(metrics=METRICS)


def test_models_are_listed_from_the_worst_to_the_best(said):
    lines = said(metrics=METRICS).splitlines()
    models = [line.split()[1] for line in lines if line.startswith("│")]
    assert models == ["als", "bestsellers", "ranker"]


def test_scores_are_told_to_four_digits(said):
    [line] = [line for line in said(metrics=METRICS).splitlines() if "als" in line]
    assert line.split()[3::2] == ["0.0123", "0.0500"]


def test_intervals_are_told_where_they_are_known(said):
    lines = said(metrics=METRICS, contestant_scores=SCORES).splitlines()
    assert "95 % interval" not in said(metrics=METRICS)
    [ranker, als] = [line.replace("│", "").split() for line in lines if "ranker" in line or "als" in line][::-1]
    assert ranker == ["ranker", "0.0300", "0.0290", "to", "0.0310", "0.1000"]
    assert als == ["als", "0.0123", "0.0500"]


def test_a_metric_is_told_where_a_model_has_it(said):
    scores = {"map12": 0.03, "recall12": 0.1, "ndcg12": 0.25, "by_week": {}}
    told = said(metrics=METRICS | {"contestants": METRICS["contestants"] | {"ranker": scores}})
    assert "0.2500" in told
    assert "NDCG@12" in told
    assert "NDCG@12" not in said(metrics=METRICS)


def test_what_may_be_claimed_of_the_ranker_is_told_below_the_table(said):
    lines = said(metrics=METRICS, contestant_scores=SCORES, comparison=COMPARISON).splitlines()
    end = next(place for place, line in enumerate(lines) if line.startswith("└"))
    assert lines[end + 1 : end + 3] == ["Better than bestsellers.", "Better [than] ALS."]
    assert "candidates alone" not in "".join(lines)


def test_a_run_that_compared_nothing_still_tells_its_scores(said):
    told = said(metrics=METRICS, contestant_scores=pd.DataFrame(), comparison=pd.DataFrame())
    assert "0.0300" in told
    assert "95 % interval" not in told


def test_a_run_without_a_judged_week_says_so(said):
    told = said(metrics={"weeks": [], "buyers": {}, "contestants": {}})
    assert "no complete week before the cutoff" in told
    assert "MAP@12" not in told


def test_a_run_tells_where_its_outputs_lie(said):
    lines = said(metrics=METRICS, submission="a file").splitlines()
    assert "submission: /project/data/07_model_output/submission.csv" in lines
    assert "metrics: /project/data/08_reporting/metrics.json" in lines


def test_a_run_does_not_tell_of_outputs_that_it_did_not_make(said):
    assert "submission:" not in said(metrics=METRICS)


def test_an_output_folder_outside_of_the_project_is_told_as_it_is(said):
    assert "metrics: /elsewhere/out/08_reporting/metrics.json\n" in said(output_dir="/elsewhere/out", metrics=METRICS)


def test_a_long_path_stays_on_one_line(said):
    folder = "/" + "long/" * 40 + "out"
    assert f"metrics: {folder}/08_reporting/metrics.json\n" in said(output_dir=folder, metrics=METRICS)


def test_outputs_on_shared_storage_are_named_by_their_address(said):
    assert "metrics: s3a://bucket/hm/08_reporting/metrics.json" in said(output_dir="s3a://bucket/hm", metrics=METRICS)


def test_brackets_in_a_place_are_said_as_they_are(said):
    assert "/project/out[bold]/08_reporting" in said(output_dir="out[bold]", metrics=METRICS)
