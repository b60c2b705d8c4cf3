"""The LightGBM model: its training from a table of examples, and its scores."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
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
    from hm_kedro.pipelines.lgbm_ranking.values import Values

    Callback = Callable[[lgb.callback.CallbackEnv], None]
    Rows = npt.NDArray[np.uint64]

logger = logging.getLogger(__name__)
# What the number of trees is found by. Of a binary objective its own loss: over one week's few buyers MAP@12 jumps.
METRICS = {"binary": "binary_logloss"}
RANKING_METRIC = "map"
# Trees that all rows pass before the next ones: few enough to stay in a core's nearest cache.
TREES_AT_ONCE = 50
# Examples below which another thread only waits: two took 1.8 times as long as one of 33,000, 1.25 times of 65,000, and
# 0.83 of 165,000 (medians of three interleaved rounds).
ROWS_A_THREAD = 50_000
# How a booster's text says where a tree and all trees end, and what a tree's leaves and nodes say.
TREE, END = "Tree=", "end of trees"
VALUES = ("leaf_value=", "internal_value=")


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


def feature_matrix(
    table: pa.Table | pa.RecordBatch, names: Sequence[str], chosen: Rows | None = None
) -> npt.NDArray[np.float32]:
    """Make a matrix of features, a row each, missing values as NaN.

    Args:
        chosen: rows of the table, in order; all of them if None.
    """
    rows = table.num_rows if chosen is None else len(chosen)
    matrix = np.empty((rows, len(names)), dtype=np.float32, order="F")
    for position, name in enumerate(names):
        values = pc.fill_null(table.column(name).cast(pa.float32()), float("nan")).to_numpy()
        matrix[:, position] = values if chosen is None else values[chosen]
    return matrix


def group_sizes(weeks: npt.NDArray[Any], customers: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Give the lengths of the runs of equal (week, customer), in order.

    >>> group_sizes(np.array([1, 1, 1, 2]), np.array([7, 7, 8, 8])).tolist()
    [2, 1, 1]
    """
    starts = np.flatnonzero((np.diff(weeks) != 0) | (np.diff(customers) != 0)) + 1
    return np.diff(np.concatenate([[0], starts, [len(weeks)]])).astype(np.int32)


def progress_bar() -> Progress:
    """Make a bar of growing trees; in a log or a worker it would leave nothing but empty lines."""
    return Progress(transient=True, console=Console(quiet=not get_console().is_interactive))


def train(
    examples: pa.Table, params: BoosterParameters, learner: Learner = ALONE, bar: Progress | None = None
) -> lgb.Booster:
    """Train a ranker on the examples of some weeks.

    The number of trees is found on the newest week, by what trees grown on the older ones reach there (MAP@12, or the
    loss of a binary objective); then all weeks are learned from with as many. With one week alone there are
    `params.trees`. Of few examples several boosters are grown so, with other seeds, and averaged.

    Args:
        examples: one row per (week, customer, article) with `bought` and the features; may be empty.
        learner: by whom; of workers together each is given its own examples and all get the same booster.
        bar: what shows how far it is, where several rankers are trained at once; None: one of its own.

    Returns:
        A booster of the features; without trees where there is no example to learn from.
    """
    settings = _settings(params) | dict(learner.settings)
    order = _order(examples, params)
    if not len(order):
        names = _list_features(examples)
        settings |= {"objective": "regression", "boost_from_average": False, "metric": "None"}
        return lgb.Booster(settings, lgb.Dataset(np.zeros((2, len(names))), np.zeros(2), feature_name=names))
    number = count_boosters(examples.num_rows, params)
    weeks = examples["week"].cast(pa.int32()).to_numpy()[order]
    older, last = order[weeks < weeks[-1]], order[weeks == weeks[-1]]
    with nullcontext(bar) if bar else progress_bar() as shown:
        trees = params.trees
        if len(older) and params.patience:
            callbacks: list[Callback] = [*learner.callbacks, lgb.early_stopping(params.patience, verbose=False)]
            trees = _grow(examples, older, settings, trees, shown, last, callbacks).best_iteration
        if number == 1:
            return _grow(examples, order, settings, trees, shown)
        at_once = count_at_once(examples.num_rows, number, params)
        settings |= {"num_threads": params.num_threads // at_once}

        def grow(place: int) -> str:
            return _grow(examples, order, settings | {"seed": params.seed + place}, trees, shown).model_to_string()

        with ThreadPoolExecutor(at_once) as pool:
            return average_boosters(list(pool.map(grow, range(number))))


def _order(examples: pa.Table, params: BoosterParameters) -> Rows:
    """List examples by week, customer and article; for an objective that learns order without misses.

    Rows are chosen by number and never copied as a table: a full training set is of some GiB.
    """
    order: Rows = pc.sort_indices(examples, [(key, "ascending") for key in ("week", "customer", "article")]).to_numpy()
    if params.objective == "binary" or not len(order):
        return order
    weeks, customers = (examples[key].cast(pa.int32()).to_numpy()[order] for key in ("week", "customer"))
    sizes = group_sizes(weeks, customers)
    hits = np.add.reduceat(examples["bought"].to_numpy()[order], np.cumsum(sizes) - sizes)
    kept: Rows = order[np.repeat(hits > 0, sizes)]
    return kept


def count_boosters(rows: int, params: BoosterParameters) -> int:
    """Say how many boosters are averaged of so many examples: `params.boosters`, of many examples fewer."""
    return max(1, min(params.boosters, params.boosters_rows // max(rows, 1)))


def count_at_once(rows: int, wanted: int, params: BoosterParameters) -> int:
    """Say how many boosters are grown beside each other: of few examples one thread takes about as long as several."""
    return max(1, min(wanted, params.num_threads, params.boosters_rows // max(rows, 1)))


def average_boosters(texts: Sequence[str]) -> lgb.Booster:
    """Make one booster whose raw score is the mean of those of boosters of the same features and objective.

    It has all their trees, with leaves that say so much less, so that whatever reads a booster reads it.
    """
    head, _, _ = texts[0].partition(TREE)
    trees = [tree for text in texts for tree in text.partition(END)[0].split(TREE)[1:]]
    numbered = [f"{TREE}{place}\n{_divide(tree, len(texts))}" for place, tree in enumerate(trees)]
    # Where trees begin is no longer where the head says; without that line they are looked for.
    kept = "".join(line for line in head.splitlines(keepends=True) if not line.startswith("tree_sizes="))
    return lgb.Booster(model_str=kept + "".join(numbered) + END + texts[0].partition(END)[2])


def _divide(tree: str, by: int) -> str:
    """Make a tree, a text without its first word and with its number, say so much less."""
    lines = tree.partition("\n")[2].splitlines(keepends=True)
    return "".join(_divide_line(line, by) if line.startswith(VALUES) else line for line in lines)


def _divide_line(line: str, by: int) -> str:
    key, _, values = line.partition("=")
    return f"{key}={' '.join(repr(float(value) / by) for value in values.split())}\n"


def _grow(
    examples: pa.Table,
    learned: Rows,
    settings: dict[str, Any],
    trees: int,
    bar: Progress,
    judged: Rows | None = None,
    judging: Sequence[Callback] = (),
) -> lgb.Booster:
    """Grow trees on some examples; as long as what judges them on others lets them, where there are others.

    The trees are the same for any number of threads.
    """
    threads = min(settings["num_threads"], max(1, len(learned) // ROWS_A_THREAD))
    settings = settings | {"num_threads": threads}
    data = _dataset(examples, learned, settings)
    validation = [] if judged is None else [_dataset(examples, judged, settings, data)]
    task = bar.add_task("Growing trees", total=trees)
    booster = lgb.train(settings, data, trees, valid_sets=validation, callbacks=[*judging, _progress(bar, task)])
    bar.remove_task(task)
    return booster


def _progress(bar: Progress, task: TaskID) -> Callback:
    def show(env: lgb.callback.CallbackEnv) -> None:
        reached = env.evaluation_result_list
        words = f"Growing trees, {reached[0][1]} {reached[0][2]:.5f}" if reached else "Growing trees"
        bar.update(task, advance=1, description=words)

    return show


def _list_features(examples: pa.Table) -> list[str]:
    return [name for name in examples.column_names if name not in ("week", "customer", "article", "bought")]


def _dataset(
    examples: pa.Table, chosen: Rows, settings: dict[str, Any], like: lgb.Dataset | None = None
) -> lgb.Dataset:
    weeks, customers = (examples[key].cast(pa.int32()).to_numpy()[chosen] for key in ("week", "customer"))
    groups = group_sizes(weeks, customers)
    if groups.sum() != len(chosen):
        raise AssertionError(f"groups of {groups.sum()} rows for {len(chosen)} examples")
    names = _list_features(examples)
    return lgb.Dataset(
        feature_matrix(examples, names, chosen),
        examples["bought"].to_numpy()[chosen],
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


def predict_in_blocks(
    booster: lgb.Booster, matrix: npt.NDArray[np.float32], num_threads: int = 1
) -> npt.NDArray[np.float64]:
    """Score rows as the booster's `predict` does, but by some trees at a time, which takes a quarter less time."""
    raw = np.zeros(len(matrix))
    for start in range(0, booster.num_trees(), TREES_AT_ONCE):
        raw += booster.predict(
            matrix, start_iteration=start, num_iteration=TREES_AT_ONCE, raw_score=True, num_threads=num_threads
        )
    binary = booster.params["objective"] == "binary"
    scores: npt.NDArray[np.float64] = 1 / (1 + np.exp(-raw)) if binary else raw
    return scores
