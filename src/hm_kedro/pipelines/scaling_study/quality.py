"""What more data buys in quality: the project's runs on parts of a log, judged on the same customers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as arrow_dataset

from hm_kedro import subruns
from hm_kedro.pipelines.evaluation.resampling import INTERVAL
from hm_kedro.pipelines.scaling_study.plan import SETTINGS, Data
from hm_kedro.pipelines.scaling_study.samples import is_sampled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from hm_kedro.parameters import QualityParameters
    from hm_kedro.pipelines.scaling_study.workshop import Workshop

PIPELINES = "data_processing,eda,als_candidates,lgbm_ranking,evaluation"
# Whose quality is told, by their names among the contestants.
METHODS = {"bestsellers": "bestsellers", "als": "als_filled", "ranker": "ranker"}
RESAMPLES = 1000


class Trial(NamedTuple):
    """A run on a part of the log.

    Attributes:
        axis: what is varied: `customers` (the share that is there), `history_weeks`, `candidates`.
        value: of it.
    """

    axis: str
    value: float


def list_trials(quality: QualityParameters) -> list[Trial]:
    """The runs, those that are through first ahead; everything there is belongs to the customers' axis."""
    return [
        *[Trial("customers", share) for share in quality.shares],
        *[Trial("history_weeks", weeks) for weeks in quality.history_weeks],
        *[Trial("candidates", count) for count in quality.candidates],
    ]


def try_quality(
    workshop: Workshop, trial: Trial, log: str, params: Mapping[str, Any], quality: QualityParameters, seed: int
) -> list[dict[str, Any]]:
    """Run the project on a part of the log and judge its methods.

    Customers of a smaller sample are in every larger one: along their axis all are judged on those of the smallest.

    Returns:
        A row a method: `log`, `axis`, `value`, `method`, `map12` and `recall12` (means over weeks of means over
        buyers), `low` and `high` of MAP@12's 95 % interval (bootstrap over customers), `customers` judged.
    """
    of_customers = trial.axis == "customers"
    share = trial.value if of_customers else max(quality.shares)
    output = workshop.folder / "quality"
    shutil.rmtree(output, ignore_errors=True)
    given = {"raw_dir": workshop.raw(Data("sample", share)), "output_dir": output, "cutoff": "", "engine": "sail"}
    varied = {} if of_customers else {SETTINGS[trial.axis]: int(trial.value)}
    subruns.run_kedro(PIPELINES, given | dict(params) | varied, "--to-outputs", "per_customer_scores")
    scores = read_scores(output, min(quality.shares) if of_customers else 1.0)
    shutil.rmtree(output)
    return [
        {"log": log, **trial._asdict(), "method": method, **summarise(scores[scores["contestant"] == name], seed)}
        for method, name in METHODS.items()
    ]


def read_scores(output: Path, share: float) -> pd.DataFrame:
    """Read what the judged methods reach for each buyer of each week, of the customers in a sample."""
    scores = arrow_dataset.dataset(output / "08_reporting/per_customer_scores", partitioning="hive")
    wanted = pc.field("contestant").isin(list(METHODS.values()))
    frame = scores.to_table(["contestant", "week", "customer", "ap12", "recall12"], filter=wanted).to_pandas()
    customers = arrow_dataset.dataset(output / "03_primary/customers").to_table(["customer", "customer_id"])
    kept = [
        customer
        for customer, name in zip(*(customers[column].to_pylist() for column in customers.column_names), strict=True)
        if is_sampled(name, share)
    ]
    judged: pd.DataFrame = frame[frame["customer"].isin(kept)]
    return judged


def summarise(scores: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Average what a method reaches; a customer who is drawn again is, in every week in which they bought."""
    if scores.empty:
        return {"map12": None, "recall12": None, "low": None, "high": None, "customers": 0}
    weeks = scores["week"].factorize()[0]
    customers = scores["customer"].factorize()[0]
    reached = scores["ap12"].to_numpy()
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        times = random.poisson(1, customers.max() + 1)[customers]
        of_week = np.bincount(weeks, times)
        if of_week.any():
            drawn.append(np.mean((np.bincount(weeks, times * reached) / np.maximum(of_week, 1))[of_week > 0]))
    low, high = np.percentile(drawn, INTERVAL)
    means = scores.groupby("week")[["ap12", "recall12"]].mean().mean()
    return {
        "map12": float(means["ap12"]),
        "recall12": float(means["recall12"]),
        "low": float(low),
        "high": float(high),
        "customers": int(customers.max() + 1),
    }
