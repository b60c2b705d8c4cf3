"""A first look at the shop: its customers and its weeks.

customers + articles + transactions + timeline
    ├─ eda_summary
    └─ weekly_transactions ─ transactions_a_week_figure
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.eda.nodes import count_transactions_a_week, draw_transactions_a_week, summarise_shop


def create_pipeline(**_: object) -> Pipeline:
    """Wire eda."""
    return Pipeline(
        [
            Node(
                summarise_shop,
                name="summarise_shop",
                inputs=["customers", "articles", "transactions", "timeline"],
                outputs="eda_summary",
            ),
            Node(
                count_transactions_a_week,
                name="count_transactions_a_week",
                inputs=["transactions", "timeline"],
                outputs="weekly_transactions",
            ),
            Node(
                draw_transactions_a_week,
                name="draw_transactions_a_week",
                inputs="weekly_transactions",
                outputs="transactions_a_week_figure",
            ),
        ],
        namespace="eda",
        prefix_datasets_with_namespace=False,
    )
