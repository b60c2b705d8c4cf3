"""One page from what the other pipelines left.

data_quality + eda_summary + figures ─ report
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.reporting.nodes import FIGURES, write_report


def create_pipeline(**_: object) -> Pipeline:
    """Wire reporting."""
    figures = {f"{name}_figure": f"{name}_figure" for names in FIGURES.values() for name in names}
    return Pipeline(
        [
            Node(
                write_report,
                name="write_report",
                inputs={
                    "article_images": "article_images",
                    "timeline": "timeline",
                    "data_quality": "data_quality",
                    "eda_summary": "eda_summary",
                    **figures,
                },
                outputs="report",
            )
        ],
        namespace="reporting",
        prefix_datasets_with_namespace=False,
    )
