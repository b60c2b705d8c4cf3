"""Judge bestsellers, ALS and the ranker on weeks that none of them saw.

transactions + later_transactions ─ purchases ────────────────────────┐
bestsellers + candidates + recommendations ─ contestant_lists ─────────┴─ per_customer_scores ─ metrics
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.evaluation.nodes import (
    collect_purchases,
    line_up_contestants,
    score_customers,
    summarise_metrics,
)


def create_pipeline(**_: object) -> Pipeline:
    """Wire evaluation."""
    return Pipeline(
        [
            Node(
                collect_purchases,
                name="collect_purchases",
                inputs=["transactions", "later_transactions", "timeline", "params:evaluation"],
                outputs="purchases",
            ),
            Node(
                line_up_contestants,
                name="line_up_contestants",
                inputs=["purchases", "bestsellers", "candidates", "recommendations", "params:retrieval"],
                outputs="contestant_lists",
            ),
            Node(
                score_customers,
                name="score_customers",
                inputs=["purchases", "contestant_lists"],
                outputs="per_customer_scores",
            ),
            Node(
                summarise_metrics,
                name="summarise_metrics",
                inputs=["per_customer_scores", "timeline", "params:evaluation"],
                outputs="metrics",
            ),
        ],
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )
