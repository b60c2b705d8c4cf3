"""What settings cost."""

import pytest
from tests.pipelines.scaling_study.made import fail, repeat, tried

from hm_kedro.pipelines.scaling_study.elasticity import elasticity_rows, setting_rows


def test_twice_the_factors_take_four_times_as_long():
    trials = tried(*(repeat(factors**2 / 100, factors=factors) for factors in (16, 32, 64)), repeat(9.0, size=0.2))
    (row,) = elasticity_rows(trials)
    assert (row["setting"], row["values"], row["least"], row["most"]) == ("factors", 3, 16, 64)
    assert row["elasticity"] == pytest.approx(2)
    assert row["low"] <= row["elasticity"] <= row["high"]


def test_of_two_values_the_slope_has_no_interval():
    trials = tried(repeat(10.0), repeat(5.0, candidates=50), repeat(9.0, size=0.2))
    (row,) = elasticity_rows(trials)
    assert (row["elasticity"], row["low"], row["high"]) == (pytest.approx(1), None, None)


def test_all_weeks_of_history_are_no_number_but_are_shown_last():
    trials = tried(repeat(10.0), repeat(4.0, history_weeks=8), repeat(5.0, history_weeks=16), repeat(9.0, size=0.2))
    assert [(row["value"], row["to_base"]) for row in setting_rows(trials)] == [(8, 0.4), (16, 0.5), (None, 1.0)]
    (row,) = elasticity_rows(trials)
    assert row["most"] == 16


def test_what_failed_is_shown_as_such():
    trials = tried(repeat(10.0), fail("out of memory", factors=64), repeat(9.0, size=0.2))
    assert [(row["value"], row["seconds"], row["failure"]) for row in setting_rows(trials)] == [
        (32, 10.0, ""),
        (64, None, "out of memory after 10 s"),
    ]
    assert elasticity_rows(trials) == []
