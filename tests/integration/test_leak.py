"""Time is sacred: what happens from a week on changes nothing that a model sees for it.

Each test runs the project twice, on a log and on one whose future is cut off or replaced, and holds the
features, the candidates, the factors and the submission of the two against each other, bit by bit.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests import runs, tiny

pytestmark = pytest.mark.integration
CUTOFF = "2020-08-12"
MODEL_TABLES = [
    "04_feature/target_customers",
    "04_feature/interactions",
    "04_feature/candidates",
    "04_feature/bestsellers",
    "04_feature/features",
    "05_model_input/training_examples",
    "07_model_output/recommendations",
]


def submission(output: Path) -> bytes:
    return (output / "07_model_output/submission.csv").read_bytes()


def assert_models_saw_the_same(one: Path, other: Path) -> None:
    for table in MODEL_TABLES:
        pd.testing.assert_frame_equal(runs.read(one, table), runs.read(other, table), check_exact=True, obj=table)
    rankers = sorted(path.name for path in (one / "06_models/rankers").iterdir())
    assert rankers == sorted(path.name for path in (other / "06_models/rankers").iterdir())
    for name in rankers:
        assert (one / "06_models/rankers" / name).read_bytes() == (other / "06_models/rankers" / name).read_bytes()
    assert submission(one) == submission(other)


@pytest.mark.parametrize("engine", ["spark", "sail"])
def test_cutting_the_future_off_changes_no_byte(engine: str, raw: Path, tmp_path: Path) -> None:
    past = [line for line in tiny.make_transactions() if line[0] < CUTOFF]
    cut = tiny.write_raw(tmp_path / "cut", past)
    runs.run("test", raw, tmp_path / "with", f"engine={engine}", f"cutoff={CUTOFF}", until="submission")
    runs.run("test", cut, tmp_path / "without", f"engine={engine}", f"cutoff={CUTOFF}", until="submission")
    assert_models_saw_the_same(tmp_path / "with", tmp_path / "without")


def test_another_future_changes_no_byte(raw: Path, tmp_path: Path) -> None:
    past = [line for line in tiny.make_transactions() if line[0] < CUTOFF]
    # A future in which everyone buys one article at an absurd price, from the cutoff's own day on.
    storm = [[CUTOFF, tiny.customer_id(n), tiny.article_id(41), 0.5, 2] for n in range(tiny.CUSTOMERS)] * 3
    other = tiny.write_raw(tmp_path / "storm", past + storm)
    runs.run("test", raw, tmp_path / "one", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    runs.run("test", other, tmp_path / "two", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    assert_models_saw_the_same(tmp_path / "one", tmp_path / "two")


def test_cutting_the_future_off_behind_days_without_sales_changes_no_byte(tmp_path: Path) -> None:
    """What is accepted as a cutoff depends on the history alone: here the shop was shut before it."""
    lines = [line for line in tiny.make_transactions() if not "2020-08-08" <= line[0] < CUTOFF]
    raw = tiny.write_raw(tmp_path / "raw", lines)
    cut = tiny.write_raw(tmp_path / "cut", [line for line in lines if line[0] < CUTOFF])
    runs.run("test", raw, tmp_path / "with", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    runs.run("test", cut, tmp_path / "without", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    assert_models_saw_the_same(tmp_path / "with", tmp_path / "without")


def test_judged_and_training_weeks_see_what_a_run_of_their_own_day_sees(raw: Path, tmp_path: Path) -> None:
    """A judged or training week's features equal those of a run whose cutoff is that week."""
    runs.run("test", raw, tmp_path / "later", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    later = runs.read(tmp_path / "later", "04_feature/features")
    weeks = sorted(later["week"].unique())
    assert len(weeks) == 4
    for number, week in enumerate(weeks[:-1]):
        past = [line for line in tiny.make_transactions() if line[0] < str(week)]
        cut = tiny.write_raw(tmp_path / f"raw {number}", past)
        runs.run("test", cut, tmp_path / f"run {number}", "engine=sail", f"cutoff={week}", pipeline="data_processing")
        runs.run("test", cut, tmp_path / f"run {number}", "engine=sail", f"cutoff={week}", pipeline="als_candidates")
        runs.run("test", cut, tmp_path / f"run {number}", "engine=sail", f"cutoff={week}", pipeline="lgbm_ranking")
        then = runs.read(tmp_path / f"run {number}", "04_feature/features")
        of_week = later[later["week"] == week].reset_index(drop=True)
        assert len(of_week) > 100
        served = set(of_week["customer"])
        same = then[(then["week"] == week) & then["customer"].isin(served)].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_week, same, check_exact=True, obj=f"features of {week}")


def test_rankers_of_a_judged_week_are_trained_on_weeks_before_it(raw: Path, tmp_path: Path) -> None:
    """The ranker that is judged on a week is byte for byte the one that a run of that week's day trains."""
    runs.run("test", raw, tmp_path / "later", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    judged = date.fromisoformat("2020-08-05")
    past = [line for line in tiny.make_transactions() if line[0] < str(judged)]
    cut = tiny.write_raw(tmp_path / "cut", past)
    runs.run("test", cut, tmp_path / "then", "engine=sail", f"cutoff={judged}", until="submission")
    one, other = (tmp_path / name / f"06_models/rankers/{judged}.txt" for name in ("later", "then"))
    assert one.read_bytes() == other.read_bytes()


def test_the_comparison_would_catch_a_leak(raw: Path, tmp_path: Path) -> None:
    """The same comparison fails where the past differs by a single purchase: it can see."""
    changed = tiny.make_transactions()
    day_before = next(line for line in reversed(changed) if line[0] < CUTOFF)
    changed.append([day_before[0], day_before[1], tiny.article_id(47), 0.01, 1])
    other = tiny.write_raw(tmp_path / "changed", sorted(changed, key=lambda line: line[:3]))
    runs.run("test", raw, tmp_path / "one", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    runs.run("test", other, tmp_path / "two", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    with pytest.raises(AssertionError):
        assert_models_saw_the_same(tmp_path / "one", tmp_path / "two")
