"""What more data buys in quality: the project's runs on parts of a log, judged on the same customers."""

from __future__ import annotations

import shutil
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.dataset as arrow_dataset

from hm_kedro import subruns
from hm_kedro.pipelines.evaluation.resampling import Doubles, Weights, draw_weights, estimate
from hm_kedro.pipelines.scaling_study.plan import SETTINGS, Data
from hm_kedro.pipelines.scaling_study.samples import is_sampled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from hm_kedro.parameters import QualityParameters
    from hm_kedro.pipelines.scaling_study.workshop import Workshop

PIPELINES = "data_processing,eda,als_candidates,lgbm_ranking,evaluation"
# Whose quality is told, by their names among the contestants.
METHODS = {"bestsellers": "bestsellers", "als": "als_filled", "ranker": "ranker"}
RESAMPLES = 1000
# How a method differs from itself with the least of what is varied, and the bounds of that.
CHANGE = ("change", "change_low", "change_high")
# Of a resample's MAP@12, as it is kept.
DIGITS = 7


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
        A row a method: `log`, `axis`, `value`, `method`, and what `summarise` gives.
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
    """Read what the judged methods reach for each buyer of each week, of the customers in a sample.

    Returns:
        `contestant`, `week`, `customer` (a checksum of the id, which is the same in every sample), `ap12`, `recall12`.
    """
    scores = arrow_dataset.dataset(output / "08_reporting/per_customer_scores", partitioning="hive")
    wanted = pc.field("contestant").isin(list(METHODS.values()))
    frame = scores.to_table(["contestant", "week", "customer", "ap12", "recall12"], filter=wanted).to_pandas()
    customers = arrow_dataset.dataset(output / "03_primary/customers").to_table(["customer", "customer_id"])
    kept = {
        customer: zlib.crc32(name.encode())
        for customer, name in zip(*(customers[column].to_pylist() for column in customers.column_names), strict=True)
        if is_sampled(name, share)
    }
    judged: pd.DataFrame = frame[frame["customer"].isin(kept)]
    return judged.assign(customer=judged["customer"].map(kept))


def summarise(scores: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Average what a method reaches.

    Returns:
        `map12` and `recall12` (means over weeks of means over buyers), `low` and `high` of MAP@12's 95 % interval,
        `customers` judged, and `draws`: MAP@12 of each resample, the customers drawn as `evaluation` does. A customer
        who is drawn again is, in every week in which they bought, and in every trial.
    """
    if scores.empty:
        return {"map12": None, "recall12": None, "low": None, "high": None, "customers": 0, "draws": []}
    customers = np.unique(scores["customer"])
    weights = draw_weights(customers, RESAMPLES, seed)
    drawn = np.mean([_draw_week(week, customers, weights) for _, week in scores.groupby("week")], axis=0)
    reached, low, high = estimate(drawn)
    return {
        "map12": reached,
        "recall12": float(scores.groupby("week")["recall12"].mean().mean()),
        "low": low,
        "high": high,
        "customers": len(customers),
        "draws": [round(value, DIGITS) if np.isfinite(value) else None for value in drawn[1:].tolist()],
    }


def _draw_week(scores: pd.DataFrame, customers: npt.NDArray[np.int64], weights: Weights) -> Doubles:
    """Average a week's `ap12` in every resample; not a number where none of its buyers was drawn."""
    counts = weights[np.searchsorted(customers, scores["customer"])].astype(float)
    drawn = counts.sum(axis=0)
    undefined = np.full_like(drawn, np.nan)
    of_week: Doubles = np.divide(scores["ap12"].to_numpy() @ counts, drawn, undefined, where=drawn > 0)
    return of_week


def compare_parts(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Hold each method against itself with the least of what is varied.

    Args:
        rows: those of `try_quality`.

    Yields:
        A row without its `draws`, and with `change`: MAP@12 less that at the least value of the same log, axis and
        method, and its 95 % interval, `change_low` to `change_high`. The same customers are drawn in both. Missing of
        the least itself, where nobody was judged, and of rows that an earlier version kept without their `draws`.
    """
    least: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["value"]):
        least.setdefault(_line(row), row)
    for row in rows:
        change = _change(least[_line(row)], row)
        told = {name: value for name, value in row.items() if name != "draws"}
        yield told | dict(zip(CHANGE, change, strict=True))


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    return row["log"], row["axis"], row["method"]


def _change(least: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    drawn = [np.array([one["map12"], *one.get("draws", ())], float) for one in (least, row)]
    if least is row or len(drawn[0]) != len(drawn[1]) or len(drawn[0]) == 1 or not np.isfinite(drawn).all(axis=0).any():
        return None, None, None
    # As draws are kept; what the least and another reach alike is no difference.
    change, low, high = (round(value, DIGITS) + 0.0 for value in estimate(drawn[1] - drawn[0]))
    return change, low, high
