"""Which weeks a time line gives."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conftest import day

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import TrainingParameters
from hm_kedro.timeline import Timeline

DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))


def line(cutoff: str, first_day: str = "2020-01-01", log_end: str | None = None) -> Timeline:
    last_day = day(cutoff) - timedelta(days=1)
    return Timeline(
        raw_dir="raw",
        asked_cutoff=None,
        cutoff=day(cutoff),
        first_day=day(first_day),
        last_day=last_day,
        log_end=day(log_end) if log_end else last_day,
    )


def learning(weeks: int, most: int = 1, enough: int = 0) -> TrainingParameters:
    return TrainingParameters(
        weeks=weeks, most_weeks=most, enough_purchases=enough, negatives=1, misses=0, max_rows=1, seed=1
    )


def iso(weeks: list[date]) -> list[str]:
    return [str(week) for week in weeks]


def test_weeks_before_a_week_are_the_last_ones_newest_first():
    assert iso(line("2020-09-16").weeks_before(day("2020-09-16"), 2)) == ["2020-09-09", "2020-09-02"]


def test_a_week_that_starts_on_the_first_day_has_no_history_and_is_left_out():
    assert iso(line("2020-09-16", first_day="2020-09-02").weeks_before(day("2020-09-16"), 2)) == ["2020-09-09"]


def test_a_week_that_starts_a_day_after_the_first_day_is_given():
    weeks = line("2020-09-16", first_day="2020-09-01").weeks_before(day("2020-09-16"), 2)
    assert iso(weeks) == ["2020-09-09", "2020-09-02"]


def test_no_weeks_are_before_a_week_when_none_are_asked_for():
    assert line("2020-09-16").weeks_before(day("2020-09-16"), 0) == []


@given(first_day=DAYS, week=DAYS, count=st.integers(0, 60))
def test_weeks_before_are_complete_and_have_history_and_do_not_overlap(first_day, week, count):
    log = line("2031-01-01", first_day=str(first_day))
    weeks = log.weeks_before(week, count)
    assert len(weeks) <= count
    assert all(first_day < earlier for earlier in weeks)
    assert all(later - earlier == timedelta(days=7) for later, earlier in zip([week, *weeks], weeks, strict=False))


@given(first_day=DAYS, week=DAYS, count=st.integers(0, 60))
def test_weeks_before_leave_out_none_that_would_fit(first_day, week, count):
    weeks = line("2031-01-01", first_day=str(first_day)).weeks_before(week, count)
    next_one = week - timedelta(days=7) * (len(weeks) + 1)
    assert len(weeks) == count or next_one <= first_day


def test_the_submissions_week_is_not_judged_when_the_log_ends_before_it():
    assert iso(line("2020-09-16").judged_weeks(1)) == ["2020-09-09"]


def test_the_submissions_week_is_not_judged_when_its_last_day_is_missing():
    assert iso(line("2020-09-16", log_end="2020-09-21").judged_weeks(1)) == ["2020-09-09"]


def test_the_submissions_week_is_judged_too_when_the_log_reaches_to_its_last_day():
    assert iso(line("2020-09-16", log_end="2020-09-22").judged_weeks(1)) == ["2020-09-16", "2020-09-09"]


def test_predicted_weeks_are_the_submissions_and_the_judged_ones():
    assert iso(line("2020-09-16").predicted_weeks(2)) == ["2020-09-16", "2020-09-09", "2020-09-02"]


def test_a_log_too_short_to_judge_still_predicts_the_submissions_week():
    assert iso(line("2020-09-16", first_day="2020-09-10").predicted_weeks(2)) == ["2020-09-16"]


def test_target_weeks_are_those_predicted_and_those_each_learns_from_once():
    weeks = line("2020-09-22").target_weeks(judged=1, training=learning(2))
    assert iso(weeks) == ["2020-09-22", "2020-09-15", "2020-09-08", "2020-09-01"]


@given(judged=st.integers(1, 4), weeks=st.integers(1, 8))
def test_target_weeks_hold_the_training_weeks_of_every_predicted_week(judged, weeks):
    log = line("2020-09-22", first_day="2020-08-01")
    targets = log.target_weeks(judged, learning(weeks))
    for week in log.predicted_weeks(judged):
        assert {week, *log.learned_weeks(week, learning(weeks))} <= set(targets)


@pytest.mark.parametrize(
    ("least", "most", "enough", "learned"),
    [(1, 4, 25, 3), (1, 4, 20, 2), (1, 4, 0, 1), (3, 4, 0, 3), (1, 2, 99, 2), (4, 2, 0, 4), (1, 9, 99, 5)],
)
def test_a_ranker_learns_from_as_many_weeks_as_have_enough_purchases(least, most, enough, learned):
    log = line("2020-09-22", first_day="2020-08-15")
    weeks = log.weeks_before(log.cutoff, 9)
    rich = log.model_copy(update={"purchases": dict.fromkeys(weeks, 10)})
    assert rich.learned_weeks(log.cutoff, learning(least, most, enough)) == weeks[:learned]


def test_purchases_of_the_predicted_week_and_later_have_no_say_in_what_is_learned_from():
    log = line("2020-09-22")
    judged = day("2020-09-08")
    rich = log.model_copy(update={"purchases": {day("2020-09-15"): 99, judged: 99, day("2020-09-01"): 1}})
    assert len(rich.learned_weeks(judged, learning(1, 3, 50))) == 3


@given(judged=st.integers(1, 4))
def test_every_judged_week_is_predicted(judged):
    log = line("2020-09-22", log_end="2020-09-30")
    assert set(log.judged_weeks(judged)) <= set(log.predicted_weeks(judged))


def test_a_time_line_survives_json():
    log = line("2020-09-16", log_end="2020-09-22")
    assert Timeline.model_validate(log.model_dump(mode="json")) == log


def test_a_time_line_with_an_unknown_entry_is_refused():
    with pytest.raises(ValidationError, match="first_dya"):
        Timeline.model_validate(line("2020-09-16").model_dump() | {"first_dya": "2020-01-01"})


def test_saved_timeline_of_another_version_asks_to_make_it_again():
    with pytest.raises(HmKedroError, match="run `--pipeline data_processing` again"):
        Timeline.read({"first": "2020-09-01"})
