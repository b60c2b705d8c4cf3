"""The rankers by LightGBM alone, on examples that Arrow reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_kedro.pipelines.lgbm_ranking import ranker
from hm_kedro.pipelines.lgbm_ranking.nodes import newest_weeks
from hm_kedro.pipelines.scaling_study.yardsticks.tables import (
    make_folder,
    of_week,
    open_table,
    read_table,
    read_timeline,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_kedro.pipelines.scaling_study.yardsticks import Work

EXAMPLES = "05_model_input/training_examples"


def train(work: Work) -> None:
    """Train a ranker for every predicted week, as `lgbm_ranking.nodes.train_rankers` does: the same bytes."""
    line, training = read_timeline(work), work.params.training
    settings = work.params.ranker.model_copy(update={"num_threads": work.threads})
    examples = open_table(work, EXAMPLES)
    folder = make_folder(work, "06_models/rankers")
    for predicted in line.predicted_weeks(work.params.evaluation.weeks):
        learned = line.learned_weeks(predicted, training)
        rows = {week: examples.count_rows(filter=of_week(week)) for week in learned}
        weeks = newest_weeks(learned, rows, training.max_rows)
        booster = ranker.train(read_table(work, EXAMPLES, where=of_week(*weeks)), settings)
        (folder / f"{predicted}.txt").write_text(booster.model_to_string(), encoding="utf-8")


STAGES: dict[str, Callable[[Work], None]] = {"train": train}
