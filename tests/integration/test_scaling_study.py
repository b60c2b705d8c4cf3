"""A study of scaling on tiny files: every run in a process of its own, none of them twice."""

import json
from pathlib import Path

import pandas as pd
import pytest
from tests import runs

from hm_kedro.processes import can_measure

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(not can_measure(), reason="memory is read from Linux's /proc"),
]


@pytest.fixture(scope="module")
def studied(raw, tmp_path_factory):
    output = tmp_path_factory.mktemp("study")
    runs.run("test", raw, output, pipeline="scaling_study")
    return output


def measurements(output):
    return pd.read_parquet(output / "08_reporting/scaling_measurements.parquet")


def test_engines_and_yardsticks_are_measured(studied):
    found = measurements(studied)
    assert set(zip(found["stage"], found["contestant"], strict=True)) == {
        ("bought_together", "spark"),
        ("bought_together", "sail"),
        ("bought_together", "duckdb"),
        ("train", "spark"),
        ("train", "sail"),
        ("train", "lightgbm"),
    }
    assert (found["status"] == "ok").all(), found["message"].tolist()
    for column in ("seconds", "cpu_seconds", "start_seconds", "peak_bytes"):
        assert (found[column] > 0).all(), column
    # One core has no more than its own time, but for the ticks in which it is counted.
    assert (found["cpu_seconds"] <= found["seconds"] + 0.1).all()
    together = found[found["stage"] == "bought_together"]
    assert together["rows"].nunique() == 1
    assert together["rows"].iloc[0] > 0
    told = found[found["contestant"] == "spark"]
    assert told["shuffle_bytes"].notna().all()
    assert told.set_index("stage")["shuffle_bytes"]["bought_together"] > 0


def test_parts_of_the_log_are_judged(studied):
    quality = json.loads((studied / "08_reporting/scaling_quality.json").read_text())
    assert quality["method"] == ["bestsellers", "als", "ranker"]
    assert all(0 < value < 1 for value in quality["map12"])
    scores = pd.read_parquet(studied / "08_reporting/scaling_measurements.parquet")
    assert set(scores["customers"]) == {70}


def test_a_study_that_is_done_is_not_done_again(studied, raw):
    before = (studied / "08_reporting/scaling_runs.jsonl").read_bytes()
    said = runs.run("test", raw, studied, pipeline="scaling_study")
    assert "0 of 6 measurements are waiting" in said
    assert (studied / "08_reporting/scaling_runs.jsonl").read_bytes() == before
    assert not list(Path(studied / "02_intermediate/scaling").glob("output"))
