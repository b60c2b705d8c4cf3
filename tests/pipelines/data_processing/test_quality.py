"""Accepting a log: shares of rejected rows, the cutoff, the weeks that are kept. No engine is needed."""

import pytest

from hm_kedro.errors import HmKedroError, TooManyRejectedRowsError
from hm_kedro.parameters import DataProcessingParameters
from hm_kedro.pipelines.data_processing.quality import accept_log

SOUND = {"rows": 100, "kept": 100, "rejected": 0, "by_rule": {}}
QUALITY = dict.fromkeys(("articles", "customers", "transactions", "submission_lines"), SOUND)
STRICT = DataProcessingParameters(max_rejected_share=0, history_weeks=None)


def accept(*days: str, cutoff: str = "", weeks: int | None = None):
    params = DataProcessingParameters(max_rejected_share=0, history_weeks=weeks)
    return accept_log(QUALITY, dict.fromkeys(sorted(days), 1), cutoff, "raw", params)


def accept_share(rejected: int, share: float):
    counts = {"rows": 100, "kept": 100 - rejected, "rejected": rejected, "by_rule": {"price unreadable": rejected}}
    params = DataProcessingParameters(max_rejected_share=share, history_weeks=None)
    return accept_log(QUALITY | {"transactions": counts}, {"2020-09-15": 1}, "", "raw", params)


def test_a_share_of_rejected_rows_at_the_limit_is_accepted():
    assert accept_share(5, 0.05)["cutoff"] == "2020-09-16"


def test_a_share_of_rejected_rows_above_the_limit_stops_the_run_with_what_and_why():
    with pytest.raises(TooManyRejectedRowsError) as caught:
        accept_share(5, 0.049)
    assert str(caught.value) == (
        "too many rows can't be used, transactions_train 5 of 100 rows (price unreadable 5): see rejected_rows for "
        "their lines, mend the files or raise data_processing.max_rejected_share"
    )


@pytest.mark.parametrize("name", ["articles", "customers"])
def test_a_file_without_a_sound_row_is_named(name):
    quality = QUALITY | {name: SOUND | {"rows": 0, "kept": 0}}
    with pytest.raises(HmKedroError, match=f"{name} in raw_dir 'raw' has no rows"):
        accept_log(quality, {"2020-09-15": 1}, "", "raw", STRICT)


def test_without_a_cutoff_it_is_the_day_after_the_last_transaction():
    assert accept("2020-09-01", "2020-08-25", "2020-09-15") == {
        "raw_dir": "raw",
        "asked_cutoff": None,
        "history_weeks": None,
        "cutoff": "2020-09-16",
        "first_day": "2020-08-25",
        "last_day": "2020-09-15",
        "log_end": "2020-09-15",
        "purchases": {"2020-09-09": 1, "2020-08-26": 1, "2020-08-19": 1},
    }


def test_purchases_are_counted_by_weeks_back_from_the_cutoff_and_none_from_it_on():
    days = {"2020-09-02": 1, "2020-09-08": 2, "2020-09-09": 4, "2020-09-15": 8, "2020-09-16": 16, "2020-09-22": 32}
    found = accept_log(QUALITY, days, "2020-09-16", "raw", STRICT)
    assert found["purchases"] == {"2020-09-09": 12, "2020-09-02": 3}


def test_with_a_cutoff_the_log_may_end_after_it():
    found = accept("2020-08-01", "2020-09-10", "2020-09-16", "2020-09-22", cutoff="2020-09-16")
    assert (found["asked_cutoff"], found["cutoff"]) == ("2020-09-16", "2020-09-16")
    assert (found["first_day"], found["last_day"], found["log_end"]) == ("2020-08-01", "2020-09-10", "2020-09-22")


def test_a_cutoff_on_the_day_after_the_last_transaction_is_accepted():
    assert accept("2020-09-15", cutoff="2020-09-16")["cutoff"] == "2020-09-16"


@pytest.mark.parametrize("later", [(), ("2020-10-15", "2021-01-01")])
def test_a_cutoff_far_past_its_history_is_named_with_the_last_that_is_not(later):
    message = r"cutoff 2020-10-15 lies 30 days past .* 2020-09-15: .* up to 2020-10-14"
    with pytest.raises(HmKedroError, match=message):
        accept("2020-09-15", *later, cutoff="2020-10-15")


@pytest.mark.parametrize("later", [(), ("2020-10-14", "2021-01-01")])
def test_days_without_a_sale_before_the_cutoff_are_no_fault(later):
    assert accept("2020-09-15", *later, cutoff="2020-10-14")["cutoff"] == "2020-10-14"


@pytest.mark.parametrize("cutoff", ["2020-09-15", "2019-01-01"])
def test_a_cutoff_before_all_data_is_named_with_the_first_that_is_not(cutoff):
    with pytest.raises(HmKedroError, match=f"cutoff {cutoff} leaves no history.* 2020-09-15: .* from 2020-09-16 on"):
        accept("2020-09-15", cutoff=cutoff)


@pytest.mark.parametrize("cutoff", ["", "2020-09-15"])
def test_an_empty_log_is_named_by_its_folder(cutoff):
    with pytest.raises(HmKedroError, match="transactions_train in raw_dir 'raw' has no purchase"):
        accept(cutoff=cutoff)


def test_a_last_day_far_past_all_others_is_no_cutoff_by_itself():
    message = "from 2027-09-15 on, lie 2555 days past .* 2020-09-16: choose cutoff=2020-09-17, or cutoff=2027-09-16"
    with pytest.raises(HmKedroError, match=message):
        accept("2020-09-15", "2020-09-16", "2027-09-15")
    assert accept("2020-09-15", "2020-09-16", "2027-09-15", cutoff="2020-09-17")["cutoff"] == "2020-09-17"
    assert accept("2020-09-15", "2020-09-16", "2027-09-15", cutoff="2027-09-16")["cutoff"] == "2027-09-16"


def test_a_whole_last_week_after_a_hole_is_a_cutoff_by_itself():
    week = [f"2020-09-{day}" for day in range(16, 23)]
    assert accept("2018-09-20", *week)["cutoff"] == "2020-09-23"


@pytest.mark.parametrize(("weeks", "first"), [(1, "2020-09-10"), (2, "2020-09-02"), (None, "2020-08-01")])
def test_so_many_weeks_before_the_cutoff_are_kept(weeks, first):
    found = accept(
        "2020-08-01", "2020-09-01", "2020-09-02", "2020-09-10", "2020-09-20", cutoff="2020-09-16", weeks=weeks
    )
    assert (found["first_day"], found["history_weeks"]) == (first, weeks)


def test_weeks_without_a_purchase_are_named():
    with pytest.raises(HmKedroError, match="history_weeks 1 leaves no purchase before 2020-09-16: choose more"):
        accept("2020-09-01", cutoff="2020-09-16", weeks=1)
