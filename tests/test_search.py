"""Which weeks and settings a search tries, and in which order it tells of them."""

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conftest import day

from hm_kedro.errors import HmKedroError, one_line
from hm_kedro.parameters import AlsParameters, AlsTuningParameters, EvaluationParameters
from hm_kedro.search import best_first, identify_search, list_settings, list_untried, of_search, tuning_weeks
from hm_kedro.timeline import WEEK, Timeline

CUTOFF, JUDGED, TUNED, EARLIER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02"), day("2020-08-26")
ONE_WEEK, TWO_WEEKS = EvaluationParameters(weeks=1), EvaluationParameters(weeks=2)
TUNING = AlsTuningParameters(weeks=1, buyers=1_000, trials=100, grid={}, seed=1)
ALS = AlsParameters(
    window_days=100,
    max_purchases=100_000,
    half_life_days=20,
    decay_power=0,
    rarity_power=0,
    history_power=0,
    on_sale_days=28,
    rank=4,
    max_factors=1_000_000,
    factors_a_pair=1_000,
    max_spark_rank=1_000,
    iterations=3,
    alpha=10,
    regularisation=0.01,
    fold_in_regularisation=0.5,
    blocks=1,
    checkpoint_interval=5,
    seed=1,
)


def line(log_end: str = "2020-09-15", first_day: str = "2020-01-01", cutoff: date = CUTOFF) -> dict[str, Any]:
    return Timeline(
        raw_dir="data/shop",
        asked_cutoff=None,
        cutoff=cutoff,
        first_day=day(first_day),
        last_day=cutoff - timedelta(days=1),
        log_end=day(log_end),
    ).model_dump(mode="json")


def tuning(**changed) -> AlsTuningParameters:
    return AlsTuningParameters.model_validate({**TUNING.model_dump(), **changed})


@pytest.mark.parametrize("log_end", ["2020-09-15", "2020-09-21", "2020-09-22", "2020-10-30"])
def test_settings_are_tried_on_the_last_weeks_before_the_judged_ones(log_end):
    """The cutoff's own week is judged from a log's end of 2020-09-22 on."""
    assert tuning_weeks(line(log_end), tuning(weeks=2), ONE_WEEK) == [TUNED, EARLIER]


def test_more_judged_weeks_move_the_tuning_weeks_back():
    assert tuning_weeks(line(), tuning(weeks=1), TWO_WEEKS) == [EARLIER]


def test_a_short_log_has_fewer_tuning_weeks():
    assert tuning_weeks(line(first_day="2020-08-26"), tuning(weeks=5), ONE_WEEK) == [TUNED]


@pytest.mark.parametrize("log_end", ["2020-09-15", "2020-09-22"])
@pytest.mark.parametrize("first_day", ["2020-09-02", "2020-09-08", "2020-09-15"])
def test_a_log_without_a_week_before_the_judged_ones_is_one_clear_line(log_end, first_day):
    with pytest.raises(HmKedroError, match=r"data/shop has none: choose a lower evaluation\.weeks") as caught:
        tuning_weeks(line(log_end, first_day), TUNING, ONE_WEEK)
    assert "\n" not in one_line(caught.value)


@given(days=st.integers(1, 120), ahead=st.integers(0, 20), judged=st.integers(1, 20), weeks=st.integers(1, 20))
def test_no_tuning_week_reaches_into_a_judged_one(days, ahead, judged, weeks):
    timeline = line(str(CUTOFF + timedelta(days=ahead - 1)), str(CUTOFF - timedelta(days=days)))
    evaluation = EvaluationParameters(weeks=judged)
    try:
        found = tuning_weeks(timeline, tuning(weeks=weeks), evaluation)
    except HmKedroError:
        return
    of_log = Timeline.read(timeline)
    first_judged = min([CUTOFF, *of_log.judged_weeks(judged)])
    assert found == [first_judged - back * WEEK for back in range(1, len(found) + 1)]
    assert len(found) <= weeks
    assert all(week > of_log.first_day for week in found)


GRID = {"alpha": [10, 20, 40], "rank": [4, 8], "half_life_days": [20, 30]}


def test_settings_begin_with_those_that_are_set():
    assert list_settings(ALS, tuning(grid=GRID))[0] == ALS
    assert list_settings(ALS, tuning(grid=GRID, trials=1)) == [ALS]
    assert list_settings(ALS, tuning(grid={})) == [ALS]


def test_settings_are_those_of_the_grid_each_once():
    settings = list_settings(ALS, tuning(grid=GRID))
    found = [(als.alpha, als.rank, als.half_life_days) for als in settings]
    assert sorted(found) == sorted(itertools.product(*GRID.values()))


def test_settings_that_the_grid_has_not_are_tried_too():
    settings = list_settings(ALS, tuning(grid={"alpha": [20, 40]}))
    assert settings[0].alpha == 10
    assert sorted(als.alpha for als in settings[1:]) == [20, 40]


def test_a_value_that_stands_twice_in_the_grid_is_tried_once():
    assert len(list_settings(ALS, tuning(grid={"alpha": [20, 20.0, 10]}))) == 2


def test_what_the_grid_does_not_name_stays_as_it_is_set():
    others = {"alpha", "rank"}
    for als in list_settings(ALS, tuning(grid={name: GRID[name] for name in others})):
        assert als.model_dump(exclude=others) == ALS.model_dump(exclude=others)


def test_a_whole_number_of_the_grid_is_one_for_als():
    [_, other] = list_settings(ALS, tuning(grid={"rank": [8]}))
    assert other.rank == 8
    assert isinstance(other.rank, int)


def test_the_seed_draws_the_order():
    one, again, other = (list_settings(ALS, tuning(grid=GRID, seed=seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert set(one) == set(other)


@pytest.mark.parametrize("trials", [1, 2, 7, 12, 13])
def test_a_search_of_fewer_trials_is_the_beginning_of_one_of_more(trials):
    every = list_settings(ALS, tuning(grid=GRID))
    assert list_settings(ALS, tuning(grid=GRID, trials=trials)) == every[:trials]
    assert len(every) == 12


@pytest.mark.parametrize(
    ("grid", "name"), [({"rank": [8, 0]}, "rank"), ({"rank": [8.5]}, "rank"), ({"alpha": [20, -1]}, "alpha")]
)
def test_a_value_of_the_grid_that_als_does_not_take_is_refused_wherever_it_stands(grid, name):
    with pytest.raises(ValidationError) as caught:
        list_settings(ALS, tuning(grid=grid, trials=1))
    assert f"'{name}' = " in one_line(caught.value)
    assert "\n" not in one_line(caught.value)


def test_a_search_is_known_by_its_log_its_weeks_and_its_buyers():
    found = identify_search(line(), tuning(weeks=2, buyers=500), ONE_WEEK)
    assert found == {"log": "data/shop", "weeks": ["2020-09-02", "2020-08-26"], "buyers": 500}


def test_what_was_tried_in_the_same_search_is_left_out_of_the_list():
    first, second, *others = list_settings(ALS, tuning(grid=GRID))
    trials = [{"log": "shop", "settings": als.model_dump()} for als in (second, first)]
    assert list_untried(ALS, tuning(grid=GRID), trials, {"log": "shop"}) == others
    assert list_untried(ALS, tuning(grid=GRID), trials, {"log": "another"}) == [first, second, *others]


def test_what_is_left_to_try_counts_what_was_tried():
    first, second, third, *_ = list_settings(ALS, tuning(grid=GRID))
    assert list_untried(ALS, tuning(grid=GRID, trials=3), [{"settings": second.model_dump()}], {}) == [first, third]


def trial(map12: float, weeks: str = "early", **settings: Any) -> dict[str, Any]:
    return {"map12": map12, "weeks": weeks, "settings": settings}


def test_trials_of_another_search_are_left_out():
    trials = [trial(0.1), trial(0.2, weeks="late")]
    assert of_search(trials, {"weeks": "early"}) == trials[:1]
    assert of_search(trials, {"weeks": "early", "log": "shop"}) == []


def test_the_best_trial_comes_first_with_the_settings_that_differ():
    trials = [trial(0.1, rank=4, alpha=1), trial(0.3, rank=8, alpha=1), trial(0.2, rank=4, alpha=1)]
    found = best_first(trials, "map12", ["map12"], ["alpha", "rank"])
    assert found == {"map12": [0.3, 0.2, 0.1], "rank": [8, 4, 4]}


def test_a_setting_that_an_older_trial_lacks_is_left_out():
    trials = [trial(0.1, rank=4), trial(0.3, rank=8, alpha=1)]
    assert best_first(trials, "map12", ["map12"], ["alpha", "rank"]) == {"map12": [0.3, 0.1], "rank": [8, 4]}


def test_without_trials_there_is_nothing_to_order():
    assert best_first([], "map12", ["map12"], ["alpha"]) == {"map12": []}
