"""The LightGBM model: its training from a table of examples, and its scores."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rich import get_console
from rich.console import Console
from rich.progress import Progress, TaskID

from hm_kedro.tables import LIST_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hm_kedro.parameters import BoosterParameters
    from hm_kedro.pipelines.lgbm_ranking.compiled import CompiledBooster
    from hm_kedro.pipelines.lgbm_ranking.features import Values

    Callback = Callable[[lgb.callback.CallbackEnv], None]

logger = logging.getLogger(__name__)
# What the number of trees is found by. Of a binary objective its own loss: over one week's few buyers MAP@12 jumps.
METRICS = {"binary": "binary_logloss"}
RANKING_METRIC = "map"
# Trees that all rows pass before the next ones: few enough to stay in a core's nearest cache.
TREES_AT_ONCE = 50


@dataclass(frozen=True)
class Learner:
    """How trees are grown: by this process alone, or by workers together, each on examples of its own.

    Attributes:
        settings: LightGBM's, beside the ranker's.
        callbacks: LightGBM's; what is reached on the newest week passes through them before it ends the search.
    """

    settings: Mapping[str, Any]
    callbacks: Sequence[Callback]


ALONE = Learner({}, ())


def feature_matrix(table: pa.Table | pa.RecordBatch, names: Sequence[str]) -> npt.NDArray[np.float32]:
    """Make a matrix of features, a row each, missing values as NaN."""
    matrix = np.empty((table.num_rows, len(names)), dtype=np.float32, order="F")
    for position, name in enumerate(names):
        matrix[:, position] = pc.fill_null(table.column(name).cast(pa.float32()), float("nan")).to_numpy()
    return matrix


def group_sizes(weeks: npt.NDArray[Any], customers: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Give the lengths of the runs of equal (week, customer), in order.

    >>> group_sizes(np.array([1, 1, 1, 2]), np.array([7, 7, 8, 8])).tolist()
    [2, 1, 1]
    """
    starts = np.flatnonzero((np.diff(weeks) != 0) | (np.diff(customers) != 0)) + 1
    return np.diff(np.concatenate([[0], starts, [len(weeks)]])).astype(np.int32)


def train(examples: pa.Table, params: BoosterParameters, learner: Learner = ALONE) -> lgb.Booster:
    """Train a ranker on the examples of some weeks.

    The number of trees is found on the newest week, by what trees grown on the older ones reach there (MAP@12, or the
    loss of a binary objective); then all weeks are learned from with as many. With one week alone there are
    `params.trees`.

    Args:
        examples: one row per (week, customer, article) with `bought` and the features; may be empty.
        learner: by whom; of workers together each is given its own examples and all get the same booster.

    Returns:
        A booster of the features; without trees where there is no example to learn from.
    """
    names = [name for name in examples.column_names if name not in ("week", "customer", "article", "bought")]
    settings = _settings(params) | dict(learner.settings)
    if not examples.num_rows:
        settings |= {"objective": "regression", "boost_from_average": False, "metric": "None"}
        return lgb.Booster(settings, lgb.Dataset(np.zeros((2, len(names))), np.zeros(2), feature_name=names))
    ordered = examples.sort_by([(key, "ascending") for key in ("week", "customer", "article")]).combine_chunks()
    newest = pc.max(ordered["week"])
    older, last = (ordered.filter(compare(pc.field("week"), newest)) for compare in (pc.less, pc.equal))
    trees = params.trees
    if older.num_rows and params.patience:
        callbacks: list[Callback] = [*learner.callbacks, lgb.early_stopping(params.patience, verbose=False)]
        trees = _grow(older, names, settings, trees, last, callbacks).best_iteration
    return _grow(ordered, names, settings, trees)


def _grow(
    examples: pa.Table,
    names: list[str],
    settings: dict[str, Any],
    trees: int,
    judged: pa.Table | None = None,
    judging: Sequence[Callback] = (),
) -> lgb.Booster:
    """Grow trees; up to as many, and as long as what judges the judged week lets them, where there is one."""
    data = _dataset(examples, names, settings)
    validation = [] if judged is None else [_dataset(judged, names, settings, data)]
    # In a log or a worker the bar would leave nothing but empty lines.
    with Progress(transient=True, console=Console(quiet=not get_console().is_interactive)) as bar:
        callbacks = [*judging, _progress(bar, bar.add_task("Growing trees", total=trees))]
        return lgb.train(settings, data, trees, valid_sets=validation, callbacks=callbacks)


def _progress(bar: Progress, task: TaskID) -> Callback:
    def show(env: lgb.callback.CallbackEnv) -> None:
        reached = env.evaluation_result_list
        words = f"Growing trees, {reached[0][1]} {reached[0][2]:.5f}" if reached else "Growing trees"
        bar.update(task, advance=1, description=words)

    return show


def _dataset(
    examples: pa.Table, names: list[str], settings: dict[str, Any], like: lgb.Dataset | None = None
) -> lgb.Dataset:
    groups = group_sizes(examples["week"].cast(pa.int32()).to_numpy(), examples["customer"].to_numpy())
    if groups.sum() != examples.num_rows:
        raise AssertionError(f"groups of {groups.sum()} rows for {examples.num_rows} examples")
    return lgb.Dataset(
        feature_matrix(examples, names),
        examples["bought"].to_numpy(),
        reference=like,
        group=groups,
        feature_name=names,
        params=settings,
        free_raw_data=True,
    )


def _settings(params: BoosterParameters) -> dict[str, Any]:
    return {
        "objective": params.objective,
        "metric": METRICS.get(params.objective, RANKING_METRIC),
        "eval_at": [LIST_LENGTH],
        "num_leaves": params.num_leaves,
        "learning_rate": params.learning_rate,
        "min_data_in_leaf": params.min_data_in_leaf,
        "feature_fraction": params.feature_fraction,
        "bagging_fraction": params.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": params.lambda_l2,
        "max_bin": params.max_bin,
        "num_threads": params.num_threads,
        "seed": params.seed,
        "lambdarank_truncation_level": params.truncation,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }


def predict(booster: lgb.Booster | CompiledBooster, features: dict[str, Values]) -> Values:
    """Score described candidates by a booster that has trees."""
    names = booster.feature_name()
    rows = len(next(iter(features.values())))
    matrix = np.empty((rows, len(names)), np.float32)
    for position, name in enumerate(names):
        matrix[:, position] = features[name]
    scored = predict_in_blocks(booster, matrix) if isinstance(booster, lgb.Booster) else booster.predict(matrix)
    scores: Values = scored.astype(np.float32)
    return scores


def predict_in_blocks(booster: lgb.Booster, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Score rows as the booster's `predict` does, but by some trees at a time, which takes a quarter less time."""
    raw = np.zeros(len(matrix))
    for start in range(0, booster.num_trees(), TREES_AT_ONCE):
        raw += booster.predict(
            matrix, start_iteration=start, num_iteration=TREES_AT_ONCE, raw_score=True, num_threads=1
        )
    binary = booster.params["objective"] == "binary"
    scores: npt.NDArray[np.float64] = 1 / (1 + np.exp(-raw)) if binary else raw
    return scores
