"""What settings cost."""

import pytest
from tests.pipelines.scaling_study.made import fail, repeat, run, tried

from hm_kedro.pipelines.scaling_study.elasticity import elasticity_rows, setting_rows


def test_twice_the_factors_take_four_times_as_long():
    trials = tried(*(repeat(factors**2 / 100, factors=factors) for factors in (16, 32, 64)), repeat(9.0, size=0.2))
    (row,) = elasticity_rows(trials)
    assert (row["setting"], row["values"], row["least"], row["most"]) == ("factors", 3, 16, 64)
    assert row["elasticity"] == pytest.approx(2)
    assert row["low"] <= row["elasticity"] <= row["high"]
    assert [row[name] for name in ("ratio", "ratio_low", "ratio_high")] == [pytest.approx(16)] * 3


def test_of_two_values_it_is_the_slope_between_them_as_sure_as_the_rounds_agree():
    trials = tried(repeat(10.0), repeat(5.0, spread=(0.9, 1.0, 1.1), candidates=50), repeat(9.0, size=0.2))
    (row,) = elasticity_rows(trials)
    assert row["elasticity"] == pytest.approx(1)
    assert row["ratio"] == pytest.approx(2)
    assert 2 ** row["low"] == pytest.approx(row["ratio_low"])
    assert row["ratio_low"] < 1.7
    assert row["ratio_high"] > 2.3
    assert 2 ** row["high"] == pytest.approx(row["ratio_high"])


def test_one_round_of_two_values_says_nothing_of_chance():
    trials = tried(repeat(10.0, (1,)), repeat(5.0, (1,), candidates=50), repeat(9.0, (1,), size=0.2))
    (row,) = elasticity_rows(trials)
    assert (row["elasticity"], row["low"], row["ratio"], row["ratio_low"]) == (pytest.approx(1), None, 2, None)


def test_what_rounds_in_common_do_not_tell_has_no_elasticity():
    """Of each most runs ended, and of the two rounds that both were in only one."""
    of_half = [run(seconds=9.0), run(status="failed", repeat=2), run(seconds=9.0, repeat=4)]
    trials = tried(repeat(10.0), [one | {"candidates": 50} for one in of_half], repeat(9.0, size=0.2))
    assert elasticity_rows(trials) == []


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
