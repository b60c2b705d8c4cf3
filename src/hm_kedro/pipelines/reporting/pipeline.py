"""One page from what the other pipelines left.

data_quality + eda_summary ────────────────┐
metrics + comparison ──────────────────────┼─ report
retrieval_report + ranker_importance ──────┤
scaling_report ────────────────────────────┘
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.reporting.nodes import write_report


def create_pipeline(**_: object) -> Pipeline:
    """Wire reporting."""
    return Pipeline(
        [
            Node(
                write_report,
                name="write_report",
                inputs=[
                    "timeline",
                    "data_quality",
                    "eda_summary",
                    "metrics",
                    "contestant_scores",
                    "comparison",
                    "segment_comparison",
                    "retrieval_report",
                    "ranker_importance",
                    "scaling_report",
                    "article_images",
                ],
                outputs="report",
            )
        ],
        namespace="reporting",
        prefix_datasets_with_namespace=False,
    )
