"""From the raw files to tables that can be trusted.

raw_articles ───── checked_articles ─────┬───────── rejected_rows
raw_customers ──── checked_customers ────┤
raw_transactions ─ checked_transactions ─┼─ data_quality + purchases_a_day ─ accepted_log
raw_submission ─── checked_submission_lines                                      │
      transactions + later_transactions, articles, customers, submission_lines ──┴─ timeline
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.data_processing.checks import (
    check_articles,
    check_customers,
    check_submission_lines,
    check_transactions,
)
from hm_kedro.pipelines.data_processing.nodes import (
    build_articles,
    build_customers,
    build_submission_lines,
    build_transactions,
    draw_timeline,
)
from hm_kedro.pipelines.data_processing.quality import accept_log, collect_rejected_rows, count_rows

CHECKED = ["checked_articles", "checked_customers", "checked_transactions", "checked_submission_lines"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire data_processing."""
    return Pipeline(
        [
            Node(check_articles, name="check_articles", inputs="raw_articles", outputs="checked_articles"),
            Node(check_customers, name="check_customers", inputs="raw_customers", outputs="checked_customers"),
            Node(
                check_submission_lines,
                name="check_submission_lines",
                inputs="raw_submission",
                outputs="checked_submission_lines",
            ),
            Node(
                check_transactions,
                name="check_transactions",
                inputs=["raw_transactions", "checked_customers", "checked_articles"],
                outputs="checked_transactions",
            ),
            Node(collect_rejected_rows, name="collect_rejected_rows", inputs=CHECKED, outputs="rejected_rows"),
            Node(
                count_rows,
                name="count_rows",
                inputs=[*CHECKED, "params:cutoff", "params:data_processing"],
                outputs=["data_quality", "purchases_a_day"],
            ),
            Node(
                accept_log,
                name="accept_log",
                inputs=[
                    "data_quality",
                    "purchases_a_day",
                    "params:cutoff",
                    "params:raw_dir",
                    "params:data_processing",
                ],
                outputs="accepted_log",
            ),
            Node(
                build_transactions,
                name="build_transactions",
                inputs=["checked_transactions", "accepted_log"],
                outputs=["transactions", "later_transactions"],
            ),
            Node(
                build_articles,
                name="build_articles",
                inputs=["checked_articles", "transactions"],
                outputs="articles",
            ),
            Node(
                build_customers,
                name="build_customers",
                inputs=["checked_customers", "transactions"],
                outputs="customers",
            ),
            Node(
                build_submission_lines,
                name="build_submission_lines",
                inputs=["checked_submission_lines", "accepted_log"],
                outputs="submission_lines",
            ),
            Node(
                draw_timeline,
                name="draw_timeline",
                inputs=[
                    "accepted_log",
                    "data_quality",
                    "articles",
                    "customers",
                    "transactions",
                    "later_transactions",
                    "submission_lines",
                ],
                outputs="timeline",
            ),
        ],
        namespace="data_processing",
        prefix_datasets_with_namespace=False,
    )
