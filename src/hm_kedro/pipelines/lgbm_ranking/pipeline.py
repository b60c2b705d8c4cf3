"""Rank candidates with LightGBM.

transactions ─ article_days ─ article_features ─┐
candidates + histories + factors + articles ────┼─ training_examples ─ rankers ─┬─ ranker_importance ─ figures
                                                └───────────────────────────────┴─ recommendations ─ submission
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.lgbm_ranking.article_features import count_days, describe_articles
from hm_kedro.pipelines.lgbm_ranking.importance import CHARTS, draw_importance, measure_importance
from hm_kedro.pipelines.lgbm_ranking.nodes import (
    recommend,
    sample_training_examples,
    train_rankers,
    write_submission,
)

CUSTOMERS = ["histories", "user_factors", "customers"]
ARTICLES = ["articles", "article_sales", "article_features", "item_factors", "related_articles"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire lgbm_ranking."""
    return Pipeline(
        [
            Node(count_days, name="count_days", inputs=["transactions", "customers"], outputs="article_days"),
            Node(
                describe_articles,
                name="describe_articles",
                inputs=[
                    "article_days",
                    "articles",
                    "timeline",
                    "params:features",
                    "params:evaluation",
                    "params:training",
                ],
                outputs="article_features",
            ),
            Node(
                sample_training_examples,
                name="sample_training_examples",
                inputs=[
                    "candidates",
                    "transactions",
                    *CUSTOMERS,
                    *ARTICLES,
                    "feature_relevance",
                    "timeline",
                    "params:features",
                    "params:sales",
                    "params:evaluation",
                    "params:training",
                ],
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
                measure_importance,
                name="measure_importance",
                inputs=["training_examples", "rankers", "params:features", "params:importance"],
                outputs="ranker_importance",
            ),
            Node(
                draw_importance,
                name="draw_importance",
                inputs="ranker_importance",
                outputs=[f"{chart.name}_figure" for chart in CHARTS],
            ),
            Node(
                recommend,
                name="recommend",
                inputs=[
                    "candidates",
                    "rankers",
                    *CUSTOMERS,
                    "articles",
                    "bestsellers",
                    *ARTICLES[1:],
                    "feature_relevance",
                    "recommendations_made",
                    "timeline",
                    "params:features",
                    "params:sales",
                    "params:scoring",
                    "params:evaluation",
                ],
                outputs="recommendations",
            ),
            Node(
                write_submission,
                name="write_submission",
                inputs=["recommendations", "bestsellers", "submission_lines", "customers", "articles", "timeline"],
                outputs="submission",
            ),
        ],
        namespace="lgbm_ranking",
        prefix_datasets_with_namespace=False,
    )
