"""Look at the customers, the articles and the weeks.

customers + articles + transactions + timeline
    ├─ shop_summary ──────────────────────────────────────────┐
    ├─ shop, customer, assortment and season counts ─┬─ figures
    └─ feature_relevance ────────────────────────────┴─ eda_summary
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.eda.assortment import count_assortment
from hm_kedro.pipelines.eda.customers import count_customers
from hm_kedro.pipelines.eda.nodes import (
    draw_assortment,
    draw_customers,
    draw_relevance,
    draw_seasons,
    draw_shop,
    figure_names,
    summarise_eda,
)
from hm_kedro.pipelines.eda.relevance import measure_relevance
from hm_kedro.pipelines.eda.seasons import count_seasons
from hm_kedro.pipelines.eda.shop import count_shop, summarise_shop

COUNTS = ["shop_counts", "customer_counts", "assortment_counts", "season_counts"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire eda."""
    shop = ["customers", "articles", "transactions", "timeline"]
    goods = ["articles", "transactions", "timeline"]
    return Pipeline(
        [
            Node(summarise_shop, name="summarise_shop", inputs=shop, outputs="shop_summary"),
            Node(count_shop, name="count_shop", inputs=shop, outputs="shop_counts"),
            Node(
                count_customers,
                name="count_customers",
                inputs=["customers", "transactions"],
                outputs="customer_counts",
            ),
            Node(count_assortment, name="count_assortment", inputs=goods, outputs="assortment_counts"),
            Node(count_seasons, name="count_seasons", inputs=goods, outputs="season_counts"),
            Node(
                measure_relevance,
                name="measure_relevance",
                inputs=["customers", *goods, "params:eda", "params:evaluation"],
                outputs="feature_relevance",
            ),
            Node(draw_relevance, name="draw_relevance", inputs="feature_relevance", outputs=figure_names("relevance")),
            Node(draw_shop, name="draw_shop", inputs="shop_counts", outputs=figure_names("shop")),
            Node(draw_customers, name="draw_customers", inputs="customer_counts", outputs=figure_names("customers")),
            Node(
                draw_assortment, name="draw_assortment", inputs="assortment_counts", outputs=figure_names("assortment")
            ),
            Node(draw_seasons, name="draw_seasons", inputs="season_counts", outputs=figure_names("seasons")),
            Node(
                summarise_eda,
                name="summarise_eda",
                inputs=["shop_summary", *COUNTS, "feature_relevance"],
                outputs="eda_summary",
            ),
        ],
        namespace="eda",
        prefix_datasets_with_namespace=False,
    )
