"""Propose articles to customers: ALS and the retrievers beside it.

transactions ─┬─ target_customers ──────────────────────────┐
              ├─ interactions ─ user_factors + item_factors ─┼─ candidates + bestsellers
              └──────────────────────────────────────────────┘
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.als_candidates.nodes import (
    fit_factors,
    list_target_customers,
    retrieve_candidates,
    weigh_interactions,
)


def create_pipeline(**_: object) -> Pipeline:
    """Wire als_candidates."""
    return Pipeline(
        [
            Node(
                list_target_customers,
                name="list_target_customers",
                inputs=["transactions", "customers", "timeline", "params:evaluation", "params:training"],
                outputs="target_customers",
            ),
            Node(
                weigh_interactions,
                name="weigh_interactions",
                inputs=["transactions", "timeline", "params:als", "params:evaluation", "params:training"],
                outputs="interactions",
            ),
            Node(
                fit_factors,
                name="fit_factors",
                inputs=["interactions", "params:als"],
                outputs=["user_factors", "item_factors"],
            ),
            Node(
                retrieve_candidates,
                name="retrieve_candidates",
                inputs=[
                    "transactions",
                    "articles",
                    "target_customers",
                    "user_factors",
                    "item_factors",
                    "timeline",
                    "params:retrieval",
                    "params:evaluation",
                    "params:training",
                ],
                outputs=["candidates", "bestsellers"],
            ),
        ],
        namespace="als_candidates",
        prefix_datasets_with_namespace=False,
    )
