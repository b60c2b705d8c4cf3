"""From the raw files to tables with int keys.

raw_articles ──── articles ──┐
raw_customers ─── customers ─┼─ data_quality
raw_transactions ────────────┴─ transactions + later_transactions ─ timeline
raw_submission ── submission_lines
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.data_processing.nodes import (
    check_transactions,
    draw_timeline,
    encode_transactions,
    number_articles,
    number_customers,
    number_submission_lines,
)


def create_pipeline(**_: object) -> Pipeline:
    """Wire data_processing."""
    return Pipeline(
        [
            Node(number_customers, name="number_customers", inputs="raw_customers", outputs="customers"),
            Node(number_articles, name="number_articles", inputs="raw_articles", outputs="articles"),
            Node(
                encode_transactions,
                name="encode_transactions",
                inputs=["raw_transactions", "customers", "articles", "params:cutoff"],
                outputs=["transactions", "later_transactions"],
            ),
            Node(
                check_transactions,
                name="check_transactions",
                inputs=[
                    "raw_transactions",
                    "customers",
                    "articles",
                    "transactions",
                    "later_transactions",
                    "params:data_processing",
                ],
                outputs="data_quality",
            ),
            Node(
                draw_timeline,
                name="draw_timeline",
                inputs=["transactions", "later_transactions", "params:cutoff", "params:raw_dir"],
                outputs="timeline",
            ),
            Node(
                number_submission_lines,
                name="number_submission_lines",
                inputs="raw_submission",
                outputs="submission_lines@stream",
            ),
        ],
        namespace="data_processing",
        prefix_datasets_with_namespace=False,
    )
