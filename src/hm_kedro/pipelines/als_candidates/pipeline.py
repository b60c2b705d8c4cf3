"""Propose articles to customers: ALS and the retrievers beside it.

transactions ─┬─ interactions ─ item_factors ──┐
              ├─ target_customers ─ histories ─┼─ user_factors ─┐
              ├─ related_articles ─────────────┼────────────────┼─ candidates
              └─ article_sales + bestsellers ──┴────────────────┘
candidates + histories ─ retrieval_hits ─ retrieval_report ─ figures
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.als_candidates.charts import CHARTS, draw_retrieval
from hm_kedro.pipelines.als_candidates.histories import gather_histories, list_target_customers
from hm_kedro.pipelines.als_candidates.interactions import weigh_interactions
from hm_kedro.pipelines.als_candidates.nodes import fit_factors, fold_in_customers, retrieve_candidates
from hm_kedro.pipelines.als_candidates.related import relate_articles
from hm_kedro.pipelines.als_candidates.report import find_hits, report_retrieval
from hm_kedro.pipelines.als_candidates.sales import count_sales, rank_bestsellers

WEEKS = ["params:evaluation", "params:training"]
KNOWN = ["histories", "user_factors", "item_factors", "related_articles", "article_sales", "articles", "timeline"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire als_candidates."""
    return Pipeline(
        [
            Node(
                list_target_customers,
                name="list_target_customers",
                inputs=["transactions", "customers", "timeline", *WEEKS],
                outputs="target_customers",
            ),
            Node(
                gather_histories,
                name="gather_histories",
                inputs=["target_customers", "transactions", "customers", "timeline", "params:retrieval", *WEEKS],
                outputs="histories",
            ),
            Node(
                count_sales,
                name="count_sales",
                inputs=["transactions", "customers", "timeline", "params:sales", *WEEKS],
                outputs="article_sales",
            ),
            Node(
                rank_bestsellers,
                name="rank_bestsellers",
                inputs=["transactions", "articles", "timeline", "params:sales", *WEEKS],
                outputs="bestsellers",
            ),
            Node(
                relate_articles,
                name="relate_articles",
                inputs=["transactions", "timeline", "params:related", *WEEKS],
                outputs="related_articles",
            ),
            Node(
                weigh_interactions,
                name="weigh_interactions",
                inputs=["transactions", "timeline", "params:als", *WEEKS],
                outputs="interactions",
            ),
            Node(fit_factors, name="fit_factors", inputs=["interactions", "params:als"], outputs="item_factors"),
            Node(
                fold_in_customers,
                name="fold_in_customers",
                inputs=["histories", "item_factors", "params:als"],
                outputs="user_factors",
            ),
            Node(
                retrieve_candidates,
                name="retrieve_candidates",
                inputs=[*KNOWN, "params:retrieval", "params:sales", *WEEKS],
                outputs="candidates",
            ),
            Node(
                find_hits,
                name="find_hits",
                inputs=["candidates", "histories", "transactions", "timeline", "params:evaluation"],
                outputs="retrieval_hits",
            ),
            Node(
                report_retrieval,
                name="report_retrieval",
                inputs=[
                    "retrieval_hits",
                    "candidates",
                    *KNOWN,
                    "params:retrieval",
                    "params:sales",
                    "params:evaluation",
                ],
                outputs="retrieval_report",
            ),
            Node(
                draw_retrieval,
                name="draw_retrieval",
                inputs="retrieval_report",
                outputs=[f"{chart.name}_figure" for chart in CHARTS],
            ),
        ],
        namespace="als_candidates",
        prefix_datasets_with_namespace=False,
    )
