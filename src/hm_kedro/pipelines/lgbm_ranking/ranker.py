"""The LightGBM model: its training from a table of examples, and its scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hm_kedro.pipelines.lgbm_ranking.features import FEATURES, RETRIEVAL

if TYPE_CHECKING:
    from hm_kedro.parameters import RankerParameters

RANKS = [name for name in RETRIEVAL if name.endswith("_rank")]


def feature_matrix(batch: pa.RecordBatch, names: list[str]) -> npt.NDArray[np.float32]:
    """Make a matrix of features, a row each, missing values as NaN."""
    matrix = np.empty((batch.num_rows, len(names)), dtype=np.float32)
    for position, name in enumerate(names):
        matrix[:, position] = batch.column(name).cast(pa.float32()).to_numpy(zero_copy_only=False)
    return matrix


def group_sizes(weeks: npt.NDArray[Any], customers: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Give the lengths of the runs of equal (week, customer), in order.

    >>> group_sizes(np.array([1, 1, 1, 2]), np.array([7, 7, 8, 8])).tolist()
    [2, 1, 1]
    """
    starts = np.flatnonzero((np.diff(weeks) != 0) | (np.diff(customers) != 0)) + 1
    return np.diff(np.concatenate([[0], starts, [len(weeks)]])).astype(np.int32)


def train(examples: pa.Table, params: RankerParameters) -> lgb.Booster:
    """Train a ranker on the examples of some weeks.

    Args:
        examples: one row per (week, customer, article) with `bought` and the features; may be empty.

    Returns:
        A booster whose features are `FEATURES`; without trees where there is no example to learn from.
    """
    names = list(FEATURES)
    settings = {
        "objective": params.objective,
        "metric": "None",
        "num_leaves": params.num_leaves,
        "learning_rate": params.learning_rate,
        "min_data_in_leaf": params.min_data_in_leaf,
        "feature_fraction": params.feature_fraction,
        "max_bin": params.max_bin,
        "num_threads": params.num_threads,
        "seed": params.seed,
        "lambdarank_truncation_level": 15,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    rounds = params.trees
    if examples.num_rows == 0:
        settings |= {"objective": "regression", "boost_from_average": False}
        matrix, labels, groups, rounds = np.zeros((2, len(names)), np.float32), np.zeros(2), None, 0
    else:
        ordered = examples.sort_by([(key, "ascending") for key in ("week", "customer", "article")]).combine_chunks()
        matrix, labels = feature_matrix(ordered, names), ordered["bought"].to_numpy()
        weeks, customers = ordered["week"].cast(pa.int32()).to_numpy(), ordered["customer"].to_numpy()
        groups = None if params.objective == "binary" else group_sizes(weeks, customers)
    data = lgb.Dataset(matrix, labels, group=groups, feature_name=names, params=settings, free_raw_data=True)
    if rounds == 0:
        return lgb.Booster(settings, data)
    return lgb.train(settings, data, num_boost_round=rounds)


def scorer(models: dict[int, str]) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make a function that scores batches of candidates, each by the model of its week.

    A model without trees knows nothing; its week's candidates are scored by reciprocal rank fusion of the
    retrievers (Cormack, Clarke, Büttcher 2009): the sum of 1 / (60 + rank).

    Args:
        models: a booster's text by week (days since 1970).
    """

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        boosters = {week: lgb.Booster(model_str=text) for week, text in models.items()}
        for batch in batches:
            weeks = batch.column("week").cast(pa.int32()).to_numpy()
            scores = np.zeros(batch.num_rows, dtype=np.float32)
            for week in np.unique(weeks):
                rows = weeks == week
                part = batch.filter(pa.array(rows))
                scores[rows] = _scores(part, boosters[int(week)])
            keys = [batch.column(key) for key in ("week", "customer", "article")]
            yield pa.RecordBatch.from_arrays([*keys, pa.array(scores)], names=["week", "customer", "article", "score"])

    return score


def _scores(batch: pa.RecordBatch, booster: lgb.Booster) -> npt.NDArray[np.float32]:
    if booster.num_trees():
        predicted = booster.predict(feature_matrix(batch, booster.feature_name()), num_threads=1)
        return np.asarray(predicted, dtype=np.float32)
    fused: npt.NDArray[np.float32] = np.nansum(1 / (60 + feature_matrix(batch, RANKS)), axis=1)
    return fused
