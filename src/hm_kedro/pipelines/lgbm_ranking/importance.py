"""What the ranker goes by: the gain of its splits, and what MAP@12 loses where a feature says nothing."""

from collections.abc import Callable, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.chart import COLOURS, Chart, Numbers
from hm_kedro.parameters import FeatureParameters, ImportanceParameters
from hm_kedro.pipelines.lgbm_ranking.features import FAMILIES, families
from hm_kedro.pipelines.lgbm_ranking.ranker import feature_matrix, group_sizes, predict_in_blocks
from hm_kedro.pipelines.lgbm_ranking.values import Numbers as Array
from hm_kedro.tables import LIST_LENGTH

SHOWN = 25
LACKS = "no judged week with examples"


def measure_importance(
    training_examples: DataFrame,
    rankers: dict[str, Callable[[], lgb.Booster]],
    features: FeatureParameters,
    importance: ImportanceParameters,
) -> dict[str, Numbers]:
    """Measure what the ranker of the newest week that has examples goes by; it learned from none of them.

    A feature's (a family's) loss is the mean over `importance.repeats` of what MAP@12 among the examples loses where
    its values are dealt anew among them (Breiman 2001, "Random forests"); those of a family stay together.

    Returns:
        `features` and `families`: `name`, `family`, `gain` share of all splits' gain, `loss` and `spread`, mean and
        standard deviation over repeats; of the features by falling gain. Empty where no such week is.
    """
    known = {str(row["week"]) for row in training_examples.select("week").distinct().toLocalIterator()}
    weeks = sorted(known & set(rankers))
    booster = rankers[weeks[-1]]() if weeks else None
    if booster is None or not booster.num_trees():
        return {}
    examples = training_examples.where(F.col("week") == F.lit(weeks[-1]).cast("date")).toArrow()
    names = booster.feature_name()
    ordered = examples.sort_by([("customer", "ascending"), ("article", "ascending")])
    judged = Judged(booster, ordered, names, importance)
    gain = booster.feature_importance("gain")
    shares = gain / max(gain.sum(), 1)
    of_family = {name: family for family in FAMILIES for name in names_of_family(features, names, family)}
    found: dict[str, list[dict[str, Any]]] = {"features": [], "families": []}
    for place in np.argsort(-shares, kind="stable"):
        loss = judged.losses([int(place)]) if gain[place] else (0.0, 0.0)
        found["features"].append(_row(names[place], of_family[names[place]], shares[place], loss))
    for family in FAMILIES:
        places = [place for place, name in enumerate(names) if of_family[name] == family]
        if places:
            found["families"].append(_row(family, family, shares[places].sum(), judged.losses(places)))
    return {
        part: {column: [row[column] for row in rows] for column in ("name", "family", "gain", "loss", "spread")}
        for part, rows in found.items()
    }


def names_of_family(params: FeatureParameters, names: Sequence[str], family: str) -> list[str]:
    """Name the features of a family, of which there are none where it is switched off.

    Args:
        names: of all features; they tell which attributes' affinities are among them.
    """
    affinities = tuple(name.removeprefix("affinity_") for name in names if name.startswith("affinity_"))
    return [feature.name for feature in families(params, affinities).get(family, [])]


def _row(name: str, family: str, gain: float, loss: tuple[float, float]) -> dict[str, Any]:
    return {"name": name, "family": family, "gain": float(gain), "loss": loss[0], "spread": loss[1]}


class Judged:
    """A ranker on examples that it has not seen."""

    def __init__(
        self, booster: lgb.Booster, examples: pa.Table, names: Sequence[str], params: ImportanceParameters
    ) -> None:
        examples = examples.slice(0, params.rows).combine_chunks()
        self._booster, self._params = booster, params
        self._matrix = feature_matrix(examples, names)
        self._bought = examples["bought"].to_numpy()
        customers = examples["customer"].to_numpy()
        self._sizes = group_sizes(np.zeros(len(customers)), customers)
        self._reached = self._map12(self._matrix)

    def losses(self, places: Sequence[int]) -> tuple[float, float]:
        """Deal the values of some features anew, all together: mean and standard deviation of the losses."""
        random = np.random.default_rng(self._params.seed)
        kept = self._matrix[:, places].copy()
        lost = []
        for _ in range(self._params.repeats):
            self._matrix[:, places] = kept[random.permutation(len(kept))]
            lost.append(self._reached - self._map12(self._matrix))
        self._matrix[:, places] = kept
        return float(np.mean(lost)), float(np.std(lost))

    def _map12(self, matrix: Array) -> float:
        scores = predict_in_blocks(self._booster, matrix, self._params.num_threads)
        return average_precision(scores, self._bought, self._sizes)


def average_precision(scores: Array, bought: Array, sizes: Array) -> float:
    """Give MAP@12 over groups of rows that follow each other, equal scores in the order of the rows.

    What was bought and is not among the rows doesn't count.

    >>> round(average_precision(np.float32([3, 2, 1, 1]), np.int32([0, 1, 1, 0]), np.int32([3, 1])), 6)
    0.291667
    """
    groups = np.repeat(np.arange(len(sizes)), sizes)
    wanted = np.bincount(groups, bought, len(sizes)).clip(1, LIST_LENGTH)
    return float((sum_precisions(scores, bought, sizes) / wanted).mean())


def sum_precisions(scores: Array, bought: Array, sizes: Array) -> Array:
    """Sum up, for each group of rows that follow each other, the precision at each hit of its first twelve.

    Equal scores are in the order of the rows. AP@12 is this over min(articles bought, 12).

    >>> sum_precisions(np.float32([3, 2, 1, 1]), np.int32([1, 0, 1, 0]), np.int32([3, 1])).round(6).tolist()
    [1.666667, 0.0]
    """
    groups = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-scores, groups))
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    hits = bought[order].astype(np.int64)
    place = np.arange(len(order)) - starts + 1
    found = np.cumsum(hits)
    before = np.append(0, found)[starts]
    precision = np.where((hits > 0) & (place <= LIST_LENGTH), (found - before) / place, 0.0)
    sums: Array = np.bincount(groups, precision, len(sizes))
    return sums


def _draw(numbers: Numbers) -> go.Figure:
    figure = go.Figure()
    found = sorted(zip(*numbers.values(), strict=True), key=lambda row: -row[2])[:SHOWN]
    for place, family in enumerate(dict.fromkeys(row[1] for row in found)):
        rows = [row for row in found if row[1] == family]
        figure.add_bar(
            y=[row[0] for row in rows],
            x=[row[2] for row in rows],
            orientation="h",
            name=family.replace("_", " "),
            marker_color=COLOURS[place % len(COLOURS)],
        )
    figure.update_layout(legend={"orientation": "h", "y": 1.06}, height=160 + 22 * len(found))
    figure.update_xaxes(title="share of the gain of all splits", tickformat=".0%")
    figure.update_yaxes(
        categoryorder="array", categoryarray=[row[0] for row in found], autorange="reversed", automargin=True, dtick=1
    )
    return figure


def _read(numbers: Numbers) -> str:
    rows = list(zip(*numbers.values(), strict=True))
    most, worst = max(rows, key=lambda row: row[2]), max(rows, key=lambda row: row[3])
    return (
        f"Most gain, {most[2]:.0%}, comes from {most[0]}; MAP@12 loses most, {worst[3]:.4f}, where {worst[0]} "
        "says nothing."
    )


def _draw_families(numbers: Numbers) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            x=[name.replace("_", " ") for name in numbers["name"]],
            y=numbers["loss"],
            error_y={"array": numbers["spread"]},
            marker_color=COLOURS[0],
        )
    )
    figure.update_xaxes(title="family of features")
    figure.update_yaxes(title="loss of MAP@12 among the examples")
    return figure


def _read_families(numbers: Numbers) -> str:
    losses = sorted(zip(numbers["loss"], numbers["name"], strict=True), reverse=True)
    said = ", ".join(f"{name.replace('_', ' ')} {loss:.4f}" for loss, name in losses)
    return f"Without what a family says MAP@12 among the examples loses: {said}."


CHARTS = (
    Chart("ranker_features", "What the ranker goes by", LACKS, _draw, _read),
    Chart("ranker_families", "What each family of features is worth to it", LACKS, _draw_families, _read_families),
)


def importance_numbers(ranker_importance: dict[str, Numbers]) -> dict[str, Numbers]:
    """Name the numbers of the report as its figures are named."""
    return {f"ranker_{part}": numbers for part, numbers in ranker_importance.items()}


def draw_importance(ranker_importance: dict[str, Numbers]) -> list[go.Figure]:
    """Draw the figures, in the order of CHARTS."""
    numbers = importance_numbers(ranker_importance)
    return [chart.figure(numbers) for chart in CHARTS]
