"""Measure what the ranker loses on the judged weeks without each family of features and each retriever.

candidates + histories + factors + articles ─ judged_examples ─┐
training_examples + transactions + later_transactions ─────────┴─ ablation_report ─ figure
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.ablation.nodes import describe_judged_candidates, draw_ablation, measure_ablations
from hm_kedro.pipelines.lgbm_ranking.pipeline import ARTICLES, CUSTOMERS

PURCHASES = ["transactions", "later_transactions"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire ablation."""
    return Pipeline(
        [
            Node(
                describe_judged_candidates,
                name="describe_judged_candidates",
                inputs=[
                    "candidates",
                    *PURCHASES,
                    *CUSTOMERS,
                    *ARTICLES,
                    "feature_relevance",
                    "timeline",
                    "params:features",
                    "params:sales",
                    "params:evaluation",
                    "params:training",
                ],
                outputs="judged_examples",
            ),
            Node(
                measure_ablations,
                name="measure_ablations",
                inputs=[
                    "training_examples",
                    "judged_examples",
                    *PURCHASES,
                    "timeline",
                    "params:features",
                    "params:training",
                    "params:ranker",
                    "params:evaluation",
                    "params:ablation",
                ],
                outputs="ablation_report",
            ),
            Node(draw_ablation, name="draw_ablation", inputs="ablation_report", outputs="ablation_figure"),
        ],
        namespace="ablation",
        prefix_datasets_with_namespace=False,
    )
