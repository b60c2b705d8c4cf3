"""The stages that are measured: which nodes of the project they are, what they make and what changes them."""

from __future__ import annotations

from typing import NamedTuple

from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS

# Everything from the raw files to the submission, in one process.
WHOLE = "whole"


class Stage(NamedTuple):
    """A part of the project's work that is measured by itself.

    Attributes:
        pipelines: of the project, whose nodes they are, separated by commas.
        nodes: their names; none: all.
        makes: the tables that it makes, by their places in an output_dir; their rows are counted.
        work: the axes, other than data and cores, that change what it does.
        inputs: those of them that change the tables that it reads, too.
        params: run-time parameters of this stage alone.
        also_sets: axes, each with a parameter of this stage alone that it is, too.
        to_outputs: only the nodes that lead to these datasets; none: all.
        from_raw: whether it begins with the raw files.
    """

    pipelines: str
    nodes: tuple[str, ...]
    makes: tuple[str, ...]
    work: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    params: tuple[tuple[str, int], ...] = ()
    also_sets: tuple[tuple[str, str], ...] = ()
    to_outputs: tuple[str, ...] = ()
    from_raw: bool = False


ALS_ALONE = tuple((f"retrieval.{name}.top", 0) for name in RETRIEVERS if name != "als")
HISTORY = ("history_weeks",)
STAGES = {
    "read": Stage(
        "data_processing",
        (),
        ("03_primary/transactions", "03_primary/articles", "03_primary/customers", "03_primary/submission_lines"),
        HISTORY,
        from_raw=True,
    ),
    "bought_together": Stage(
        "als_candidates", ("relate_articles",), ("04_feature/related_articles",), HISTORY, HISTORY
    ),
    "article_features": Stage(
        "lgbm_ranking",
        ("count_days", "describe_articles"),
        ("04_feature/article_days", "04_feature/article_features"),
        HISTORY,
        HISTORY,
    ),
    "als_fit": Stage(
        "als_candidates",
        ("fit_factors",),
        ("06_models/item_factors",),
        ("factors", "blocks", *HISTORY),
        HISTORY,
    ),
    "als_top": Stage(
        "als_candidates",
        ("retrieve_candidates",),
        ("04_feature/candidates",),
        ("factors", "candidates"),
        ("factors",),
        ALS_ALONE,
        (("candidates", "retrieval.als.top"),),
    ),
    "candidates": Stage("als_candidates", ("retrieve_candidates",), ("04_feature/candidates",), ("candidates",)),
    "examples": Stage(
        "lgbm_ranking",
        ("sample_training_examples",),
        ("05_model_input/training_examples",),
        ("candidates",),
        ("candidates",),
    ),
    "train": Stage("lgbm_ranking", ("train_rankers",), ("06_models/rankers",)),
    "score": Stage(
        "lgbm_ranking",
        ("recommend", "write_submission"),
        ("07_model_output/recommendations", "07_model_output/submission.csv"),
        ("candidates",),
        ("candidates",),
    ),
    WHOLE: Stage(
        "data_processing,eda,als_candidates,lgbm_ranking",
        (),
        ("07_model_output/recommendations",),
        HISTORY,
        to_outputs=("submission",),
        from_raw=True,
    ),
}
