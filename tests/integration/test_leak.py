"""Time is sacred: what happens from a week on changes nothing that a model sees for it.

Each test holds two runs against each other, one on a log and one on a log whose future is cut off or replaced:
features, candidates, rankers and submission, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import described, runs, tiny
from tests.integration.conftest import CUTOFF

from hm_kedro.pipelines.evaluation.contestants import CONTESTANTS
from hm_kedro.pipelines.lgbm_ranking.features import Pairs, article

pytestmark = pytest.mark.integration
MODEL_TABLES = [
    "04_feature/target_customers",
    "04_feature/article_sales",
    "04_feature/related_articles",
    "04_feature/interactions",
    "06_models/item_factors",
    "06_models/user_factors",
    "04_feature/candidates",
    "04_feature/bestsellers",
    "04_feature/article_days",
    "04_feature/article_features",
    "05_model_input/training_examples",
    "07_model_output/recommendations",
]


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the outputs of a run on Sail for a week, from a log that ends before it; each made once."""

    @cache
    def run(week: str) -> Path:
        folder = tmp_path_factory.mktemp("run_of")
        raw = tiny.write_raw(folder / "raw", [line for line in tiny.make_transactions() if line[0] < week])
        runs.run("test", raw, folder / "out", "engine=sail", f"cutoff={week}", until="submission")
        return folder / "out"

    return run


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
def test_cutting_the_future_off_changes_no_byte(
    engine: str, finished: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    """The log without a future is that of the default run; with one, customers buy who never did, and others cease."""
    past = tiny.make_transactions()
    cutoff = date.fromisoformat(past[-1][0]) + timedelta(days=1)
    future = tiny.make_transactions(seed=8, first_day=cutoff, idle=0)
    assert future[0][0] == str(cutoff)
    longer = tiny.write_raw(tmp_path / "longer", past + future)
    runs.run("test", longer, tmp_path / "with", f"engine={engine}", f"cutoff={cutoff}", until="submission")
    assert_models_saw_the_same(tmp_path / "with", finished(engine)[0])


def test_cutting_the_future_off_at_an_asked_cutoff_changes_no_byte(
    cut_off: Path, run_of: Callable[[str], Path]
) -> None:
    assert_models_saw_the_same(cut_off, run_of(CUTOFF))


def test_another_future_changes_no_byte(cut_off: Path, tmp_path: Path) -> None:
    past = [line for line in tiny.make_transactions() if line[0] < CUTOFF]
    # A future in which everyone buys one article at an absurd price, from the cutoff's own day to the week's last.
    days = [CUTOFF, CUTOFF, str(date.fromisoformat(CUTOFF) + timedelta(days=6))]
    storm = [[day, tiny.customer_id(n), tiny.article_id(41), 0.5, 2] for day in days for n in range(tiny.CUSTOMERS)]
    other = tiny.write_raw(tmp_path / "storm", past + storm)
    runs.run("test", other, tmp_path / "two", "engine=sail", f"cutoff={CUTOFF}")
    assert_models_saw_the_same(cut_off, tmp_path / "two")
    assert_contestants_saw_the_same(cut_off, tmp_path / "two")


def assert_contestants_saw_the_same(one: Path, other: Path) -> None:
    """Every contestant's lists for the cutoff's week: of what follows only who buys is known to them."""
    lists = [runs.read(output, "08_reporting/contestant_lists") for output in (one, other)]
    judged, storm = (of[(of["week"].astype(str) == CUTOFF) & (of["contestant"] != "oracle")] for of in lists)
    assert len(set(judged["contestant"])) == len(CONTESTANTS) - 1
    assert set(judged["customer"]) < set(storm["customer"])
    same = storm[storm["customer"].isin(set(judged["customer"]))]
    pd.testing.assert_frame_equal(same.reset_index(drop=True), judged.reset_index(drop=True), check_exact=True)


def test_cutting_the_future_off_behind_days_without_sales_changes_no_byte(tmp_path: Path) -> None:
    """What is accepted as a cutoff depends on the history alone: here the shop was shut before it."""
    lines = [line for line in tiny.make_transactions() if not "2020-08-08" <= line[0] < CUTOFF]
    raw = tiny.write_raw(tmp_path / "raw", lines)
    cut = tiny.write_raw(tmp_path / "cut", [line for line in lines if line[0] < CUTOFF])
    runs.run("test", raw, tmp_path / "with", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    runs.run("test", cut, tmp_path / "without", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    assert_models_saw_the_same(tmp_path / "with", tmp_path / "without")


def test_judged_and_training_weeks_see_what_a_run_of_their_own_day_sees(
    cut_off: Path, run_of: Callable[[str], Path]
) -> None:
    """A judged or training week's features equal those of a run whose cutoff is that week."""
    weeks = runs.read(cut_off, "04_feature/candidates")["week"].unique()
    assert len(weeks) == 4
    for week in sorted(map(str, weeks))[:-1]:
        of_week, then = (described.features_of(output, week) for output in (cut_off, run_of(week)))
        assert len(of_week) > 100
        # Buyers of these weeks have bought before, and what customers themselves say is of no week.
        silent = {"newcomers_score", "newcomers_rank", "customer_club", "customer_news"}
        assert set(of_week.columns[of_week.isna().all()]) <= silent
        same = then[then["customer"].isin(of_week["customer"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_week, same, check_exact=True, obj=f"features of {week}")


def test_a_feature_that_peeks_is_caught(
    cut_off: Path, run_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same comparison fails for a feature that counts the purchases of the customer's latest day of all."""
    week = "2020-08-05"
    one, other = cut_off, run_of(week)

    def features_that_peek(output: Path) -> pd.DataFrame:
        lines = runs.read(output, "03_primary/transactions")
        monkeypatch.setattr(article, "describe", peeking(lines["article"].value_counts()))
        return described.features_of(output, week)

    of_week, then = features_that_peek(one), features_that_peek(other)
    same = then[then["customer"].isin(of_week["customer"])].reset_index(drop=True)
    with pytest.raises(AssertionError, match="article_sales"):
        pd.testing.assert_frame_equal(of_week, same, check_exact=True)


def peeking(sales: pd.Series) -> Callable[..., dict[str, np.ndarray]]:
    """Make a family that counts the sales of all days that it is given."""
    honest = article.describe

    def describe(pairs: Pairs, *options: object) -> dict[str, np.ndarray]:
        ever = sales.reindex(pairs.articles).to_numpy(np.float32)
        return honest(pairs, *options) | {"article_sales": ever}

    return describe


def test_rankers_of_a_judged_week_are_trained_on_weeks_before_it(cut_off: Path, run_of: Callable[[str], Path]) -> None:
    """The ranker that is judged on a week is byte for byte the one that a run of that week's day trains."""
    judged = "2020-08-05"
    one, other = (output / f"06_models/rankers/{judged}.txt" for output in (cut_off, run_of(judged)))
    assert one.read_bytes() == other.read_bytes()


def test_the_comparison_would_catch_a_leak(cut_off: Path, tmp_path: Path) -> None:
    """The same comparison fails where the past differs by a single purchase: it can see."""
    changed = tiny.make_transactions()
    day_before = next(line for line in reversed(changed) if line[0] < CUTOFF)
    changed.append([day_before[0], day_before[1], tiny.article_id(47), 0.01, 1])
    other = tiny.write_raw(tmp_path / "changed", sorted(changed, key=lambda line: line[:3]))
    runs.run("test", other, tmp_path / "two", "engine=sail", f"cutoff={CUTOFF}", until="submission")
    with pytest.raises(AssertionError):
        assert_models_saw_the_same(cut_off, tmp_path / "two")
