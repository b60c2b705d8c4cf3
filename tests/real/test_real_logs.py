"""Whole runs on real purchase logs; HM_REAL_LOGS names their folder."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from tests import runs

LOGS = Path(os.environ.get("HM_REAL_LOGS", runs.PROJECT.parent / "shared/data"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not LOGS.is_dir(), reason=f"no real logs at {LOGS}: name their folder in HM_REAL_LOGS"),
]


# What is learned from and proposed is less than by default, for time.
FEW = (
    "engine=sail",
    "training.weeks=2",
    "training.enough_purchases=0",
    "als.rank=64",
    "als.iterations=3",
    "retrieval.budget=30",
    "ranker.boosters=2",
    "ranker.trees=60",
    "ranker.patience=0",
    "importance.rows=2000",
    "importance.repeats=1",
    "comparison.resamples=500",
)


@pytest.mark.parametrize("log", ["hm_behaviour", "tafeng", "online_retail", "hm_week"])
def test_real_log_gives_a_submission_for_every_customer(log: str, tmp_path: Path) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (LOGS / log).iterdir())
    runs.run("kaggle", LOGS / log, tmp_path, *FEW)
    runs.check_submission(LOGS / log, tmp_path)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in (LOGS / log).iterdir()) == before
    quality = json.loads((tmp_path / "08_reporting/data_quality.json").read_text())
    assert all(counts["kept"] == counts["rows"] and not counts["by_rule"] for counts in quality.values())
    if log == "hm_week":
        assert_h_and_m_is_whole(tmp_path, quality)
    if log != "hm_week":  # which has no history to rank by
        assert_models_rank_as_they_should(tmp_path)


def assert_h_and_m_is_whole(output: Path, quality: dict) -> None:
    """Nothing of H&M's real files is lost."""
    assert {name: counts["kept"] for name, counts in quality.items()} == {
        "articles": 105_542,
        "customers": 107_103,
        "transactions": 251_065,
        "submission_lines": 107_103,
    }
    assert runs.read(output, "03_primary/transactions")["quantity"].sum() == 251_065
    assert runs.read(output, "03_primary/articles")["product"].nunique() == 47_224
    assert len(runs.read(output, "03_primary/customers")) == 107_103
    assert len(runs.read(output, "03_primary/rejected_rows")) == 0


def assert_models_rank_as_they_should(output: Path) -> None:
    metrics = json.loads((output / "08_reporting/metrics.json").read_text())
    score = {name: values["map12"] for name, values in metrics["contestants"].items()}
    assert score["ranker"] > score["als"] > 0
    assert score["als_filled"] > score["bestsellers"]


def test_real_log_a_week_before_its_end_uses_nothing_of_that_week(tmp_path: Path) -> None:
    log = "hm_behaviour"
    lines = pd.read_csv(LOGS / log / "transactions_train.csv", dtype=str, keep_default_na=False)
    cutoff = date.fromisoformat(lines["t_dat"].max()) - timedelta(days=6)
    cut = tmp_path / "cut"
    cut.mkdir()
    lines[lines["t_dat"] < str(cutoff)].to_csv(cut / "transactions_train.csv", index=False)
    for name in ("articles", "customers", "sample_submission"):
        (cut / f"{name}.csv").symlink_to(LOGS / log / f"{name}.csv")
    runs.run("kaggle", LOGS / log, tmp_path / "with", *FEW, f"cutoff={cutoff}", until="submission")
    runs.run("kaggle", cut, tmp_path / "without", *FEW, f"cutoff={cutoff}", until="submission")
    one, other = runs.check_submission(LOGS / log, tmp_path / "with"), runs.check_submission(cut, tmp_path / "without")
    pd.testing.assert_frame_equal(one, other)
    for table in ("04_feature/candidates", "04_feature/article_features", "05_model_input/training_examples"):
        left, right = runs.read(tmp_path / "with", table), runs.read(tmp_path / "without", table)
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=table)


def test_engines_make_the_same_tables_of_a_real_log(tmp_path: Path) -> None:
    # ALS is left out of the comparison, so it may be small here; what it proposes must not crowd out others.
    short = [
        "als.rank=4",
        "als.iterations=1",
        "training.weeks=1",
        "training.enough_purchases=0",
        "retrieval.budget=1000",
    ]
    raw = LOGS / "hm_behaviour"
    for engine in ("spark", "sail"):
        runs.run(
            "kaggle",
            raw,
            tmp_path / engine,
            f"engine={engine}",
            *short,
            until="article_features,training_examples,submission_lines,rejected_rows,bestsellers",
        )
    runs.assert_same_tables(tmp_path / "spark", tmp_path / "sail", als=False)
