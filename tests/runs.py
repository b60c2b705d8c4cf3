"""Whole runs of the project in a process of their own, and what they wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as arrow_dataset
import yaml

PROJECT = Path(__file__).resolve().parents[1]

# The tables that every engine makes alike, by their keys.
TABLES = {
    "03_primary/customers": ["customer"],
    "03_primary/articles": ["article"],
    "03_primary/transactions": ["t_dat", "customer", "article", "price", "sales_channel_id"],
    "03_primary/later_transactions": ["t_dat", "customer", "article", "price", "sales_channel_id"],
    "03_primary/submission_lines": ["line"],
    "03_primary/rejected_rows": ["file", "line"],
    "04_feature/target_customers": ["week", "customer"],
    "04_feature/interactions": ["week", "customer", "article"],
    "04_feature/bestsellers": ["week", "article"],
    "04_feature/article_sales": ["week", "article", "age_group"],
    "04_feature/related_articles": ["week", "article", "related"],
    "04_feature/candidates": ["week", "customer", "article"],
    "04_feature/article_days": ["article", "t_dat"],
    "04_feature/article_features": ["week", "article"],
}


# Those that differ by the solver of ALS.
FACTORS = {"06_models/item_factors": ["week", "article"], "06_models/user_factors": ["week", "customer"]}
# Those of the comparison.
COMPARED = {
    "08_reporting/contestant_lists": ["contestant", "week", "customer", "rank"],
    "08_reporting/per_customer_scores": ["contestant", "week", "customer"],
}


def kedro(*arguments: str, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Kedro's and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=cwd,
        env={**os.environ, "DO_NOT_TRACK": "1", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def small_parameters() -> list[str]:
    """The parameters by which whole runs in the environment test are small, for runs in another one."""

    def named(group: dict[str, Any], path: str) -> Iterator[str]:
        for name, value in group.items():
            yield from named(value, f"{path}{name}.") if isinstance(value, dict) else [f"{path}{name}={value}"]

    return list(named(yaml.safe_load((PROJECT / "conf/test/parameters/tiny.yml").read_text()), ""))


def run(
    env: str,
    raw: Path,
    output: Path,
    *params: str,
    pipeline: str | None = None,
    since: str | None = None,
    until: str | None = None,
    **environment: str,
) -> str:
    """Run a pipeline, or all from a node up to a dataset, to its good end and give what it printed."""
    values = ",".join([f"raw_dir={raw}", f"output_dir={output}", *params])
    chosen = ["--pipeline", pipeline] if pipeline else []
    chosen += ["--from-nodes", since] if since else []
    chosen += ["--to-outputs", until] if until else []
    ended = kedro("run", "--env", env, *chosen, "--params", values, **environment)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout + ended.stderr


def read(output: Path, table: str) -> pd.DataFrame:
    """Read a table that a run wrote, ordered by its key; columns in the order of their names."""
    frame = arrow_dataset.dataset(output / table, partitioning="hive").to_table().to_pandas()
    key = (TABLES | FACTORS | COMPARED).get(table, ["week", "customer", "article"])
    ordered = frame.sort_values(key).reset_index(drop=True)
    return ordered[sorted(ordered.columns)]


def without_als(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out what ALS has to say, which differs by solver, and the candidates that only ALS proposes."""
    ranks = [name for name in frame.columns if name.endswith("_rank") and name not in ("als_rank", "blend_rank")]
    if not ranks:
        return frame
    others = frame[frame[ranks].notna().any(axis=1)]
    of_als = ["als_rank", "als_score", "blend_rank", "blend_score", "retrievers"]
    return others.drop(columns=of_als, errors="ignore").reset_index(drop=True)


def assert_same_tables(one: Path, other: Path, *, als: bool) -> None:
    """Every table of `TABLES` is the same to the last bit; `als=False` leaves out what the solver decides."""
    for table in TABLES:
        left, right = read(one, table), read(other, table)
        if not als:
            left, right = without_als(left), without_als(right)
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=table)


def check_submission(raw: Path, output: Path) -> pd.DataFrame:
    """Hold a submission against the words of the README: whose lines, in which order, what in each."""
    options = {"dtype": str, "keep_default_na": False}
    submission = pd.read_csv(output / "07_model_output/submission.csv", **options)
    find = {name: next(raw.glob(f"{name}.csv*"), None) for name in ("sample_submission", "customers", "articles")}
    expected = pd.read_csv(find["sample_submission"] or find["customers"], usecols=["customer_id"], **options)
    known = set(pd.read_csv(find["articles"], usecols=["article_id"], **options)["article_id"])
    assert list(submission.columns) == ["customer_id", "prediction"]
    assert submission["customer_id"].tolist() == expected["customer_id"].tolist()
    lists = submission["prediction"].str.split(" ")
    assert (lists.str.len() == 12).all()
    assert all(len(set(articles)) == 12 for articles in lists)
    named = set(lists.explode())
    assert named <= known
    assert all(len(article) == 10 and article.isdigit() for article in named)
    return submission
