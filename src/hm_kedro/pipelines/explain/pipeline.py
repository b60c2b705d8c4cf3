"""Say why customers were recommended what they were: `kedro run --pipeline explain --params customer_id=...`.

customers + histories ─ chosen_customers ─┐
recommendations + candidates + rankers ───┴─ explanations
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.explain.nodes import choose_customers, explain_recommendations
from hm_kedro.pipelines.lgbm_ranking.pipeline import ARTICLES, CUSTOMERS


def create_pipeline(**_: object) -> Pipeline:
    """Wire explain."""
    return Pipeline(
        [
            Node(
                choose_customers,
                name="choose_customers",
                inputs=["customers", "histories", "timeline", "params:customer_id", "params:explain"],
                outputs="chosen_customers",
            ),
            Node(
                explain_recommendations,
                name="explain_recommendations",
                inputs=[
                    "chosen_customers",
                    "recommendations",
                    "candidates",
                    "rankers",
                    *CUSTOMERS,
                    *ARTICLES,
                    "feature_relevance",
                    "timeline",
                    "params:features",
                    "params:sales",
                    "params:explain",
                ],
                outputs="explanations",
            ),
        ],
        namespace="explain",
        prefix_datasets_with_namespace=False,
    )
