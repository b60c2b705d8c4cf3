"""Rank candidates with LightGBM.

candidates + articles + customers + transactions + feature_relevance
    └─ features ─┬─ training_examples ─ rankers ─┐
                 └───────────────────────────────┴─ recommendations ─ submission
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.lgbm_ranking.nodes import (
    build_features,
    recommend,
    sample_training_examples,
    train_rankers,
    write_submission,
)


def create_pipeline(**_: object) -> Pipeline:
    """Wire lgbm_ranking."""
    return Pipeline(
        [
            Node(
                build_features,
                name="build_features",
                inputs=[
                    "candidates",
                    "transactions",
                    "articles",
                    "customers",
                    "feature_relevance",
                    "timeline",
                    "params:features",
                    "params:evaluation",
                    "params:training",
                ],
                outputs="features",
            ),
            Node(
                sample_training_examples,
                name="sample_training_examples",
                inputs=["features", "transactions", "timeline", "params:evaluation", "params:training"],
                outputs="training_examples",
            ),
            Node(
                train_rankers,
                name="train_rankers",
                inputs=[
                    "training_examples",
                    "timeline",
                    "params:training",
                    "params:ranker",
                    "params:evaluation",
                ],
                outputs="rankers",
            ),
            Node(
                recommend,
                name="recommend",
                inputs=["features", "rankers", "timeline", "params:evaluation"],
                outputs="recommendations",
            ),
            Node(
                write_submission,
                name="write_submission",
                inputs=[
                    "recommendations",
                    "bestsellers",
                    "submission_lines",
                    "customers",
                    "articles",
                    "timeline",
                ],
                outputs="submission",
            ),
        ],
        namespace="lgbm_ranking",
        prefix_datasets_with_namespace=False,
    )
