"""Measurements gathered: medians of repeats, failures, and what is varied."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from tests.pipelines.scaling_study.made import fail, repeat, run, tried

from hm_kedro.pipelines.scaling_study.trials import (
    Line,
    Settings,
    find_base,
    vary_cores,
    vary_data,
    vary_setting,
)

BASE = Settings(32, 10, 100, None)


def test_repeats_are_gathered_whatever_is_missing():
    (one,) = tried([run(repeat=1, seconds=1.0), run(repeat=2, seconds=3.0)])
    assert one.settings == BASE
    assert one.seconds == 2.0
    assert one.median("peak_bytes") == 2**30
    assert one.median("shuffle_bytes") is None


def test_a_failed_run_counts_as_endless():
    (one,) = tried([run(repeat=1, seconds=10.0), run(repeat=2, seconds=20.0)])
    assert one.seconds == 15.0
    (one,) = tried([run(repeat=1, seconds=10.0), run(repeat=2, seconds=20.0), run(repeat=3, status="failed")])
    assert one.seconds == 20.0
    assert one.failure == "failed after 10 s (1 of 3 runs)"


def test_what_fails_in_half_of_its_runs_has_no_end():
    (one,) = tried([run(repeat=1), run(repeat=2, status="out of memory", seconds=None)])
    assert one.seconds is None
    assert one.failure == "out of memory (1 of 2 runs)"


def test_what_was_stopped_at_a_limit_says_so():
    (one,) = tried(fail("out of memory", seconds=None, message="stopped after 12 s with 20.0 GiB"))
    assert one.failure == "out of memory, stopped after 12 s with 20.0 GiB"


def test_a_limit_of_time_is_told():
    (one,) = tried(fail("out of time", seconds=3600.0))
    assert one.failure == "did not end within 3,600 s"


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=6))
def test_a_failure_more_never_makes_anything_faster(seconds):
    runs = [run(repeat=number, seconds=value) for number, value in enumerate(seconds)]
    (fine,), (failed,) = tried(runs), tried([*runs, run(repeat=99, status="failed")])
    assert failed.seconds is None or failed.seconds >= fine.seconds


def test_the_base_is_the_most_frequent_setting_whatever_does_not_apply():
    trials = tried(
        repeat(1.0, factors=None, blocks=None, contestant="pandas", cores=1),
        repeat(1.0, factors=None, blocks=None, contestant="duckdb", cores=1),
        repeat(1.0),
        repeat(1.0, factors=64),
        repeat(1.0, size=0.2),
        repeat(1.0, history_weeks=8),
    )
    assert find_base(trials) == BASE


def test_sizes_are_of_one_shop_at_the_most_cores_and_the_base():
    lines = vary_data(
        tried(
            repeat(4.0, size=0.2),
            repeat(2.0, size=0.1),
            repeat(3.0, size=0.1, cores=1),
            repeat(9.0, size=0.1, factors=64),
            repeat(1.0, size=0.5, kind="sample", data="sample 0.5", transactions=500),
            repeat(1.0, size=1.0, kind="sample", data="sample 1", transactions=1000),
            repeat(1.0, size=0.1, contestant="duckdb", cores=1),
            repeat(0.5, size=0.1, contestant="duckdb"),
        )
    )
    assert {line: [one.transactions for one in found] for line, found in lines.items()} == {
        Line("shares of the log", "train", "spark"): [500, 1000],
        Line("synthetic", "train", "duckdb"): [3178832],
        Line("synthetic", "train", "spark"): [3178832, 6357665],
    }


def test_cores_are_varied_for_engines_alone():
    lines = vary_cores(tried(repeat(2.0), repeat(3.0, cores=1), repeat(1.0, cores=1, contestant="lightgbm")))
    assert {line: [one.cores for one in found] for line, found in lines.items()} == {
        Line("synthetic 0.1", "train", "spark"): [1, 2]
    }


@pytest.mark.parametrize(
    ("setting", "values"),
    [("factors", [16, 32]), ("history_weeks", [8, None]), ("candidates", None)],
)
def test_a_setting_is_varied_alone(setting, values):
    lines = vary_setting(tried(repeat(1.0), repeat(1.0, factors=16), repeat(1.0, history_weeks=8)), setting)
    found = [[getattr(one.settings, setting) for one in varied] for varied in lines.values()]
    assert found == ([] if values is None else [values])
