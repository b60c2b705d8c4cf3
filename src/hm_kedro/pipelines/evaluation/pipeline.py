"""Judge every contestant on weeks that none of them saw, and say what may be claimed.

transactions + later_transactions ─ purchases ────────────────────────────────────┐
training_examples ─ als_ranker_lists ───┐                                         │
histories + bestsellers ─ notebook_lists┤                                         │
submissions from outside ─ outside_lists┼─ contestant_lists ─┬─ per_customer_scores ─ metrics
candidates + recommendations ───────────┘                    ├─ honesty_checks ─────┘
                                                             ├─ exposure ───────────┘
per_customer_scores + buyer_segments + hits_by_article ─ comparison + segment_comparison ─ figures
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.evaluation.als_ranker import rank_als_candidates
from hm_kedro.pipelines.evaluation.certainty import compare_contestants, compare_segments
from hm_kedro.pipelines.evaluation.charts import CHARTS, draw_evaluation
from hm_kedro.pipelines.evaluation.contestants import line_up_contestants
from hm_kedro.pipelines.evaluation.honesty import check_honesty
from hm_kedro.pipelines.evaluation.nodes import (
    collect_purchases,
    measure_exposure,
    score_customers,
    summarise_metrics,
)
from hm_kedro.pipelines.evaluation.notebook import follow_notebook
from hm_kedro.pipelines.evaluation.outside import read_outside_lists
from hm_kedro.pipelines.evaluation.segments import count_hits_by_article, segment_buyers
from hm_kedro.pipelines.lgbm_ranking.pipeline import ARTICLES, CUSTOMERS

WEEKS = ["timeline", "params:evaluation"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire evaluation."""
    return Pipeline([*_line_up(), *_judge(), *_compare()], namespace="evaluation", prefix_datasets_with_namespace=False)


def _line_up() -> list[Node]:
    return [
        Node(
            collect_purchases,
            name="collect_purchases",
            inputs=["transactions", "later_transactions", *WEEKS],
            outputs="purchases",
        ),
        Node(
            follow_notebook,
            name="follow_notebook",
            inputs=[
                "purchases",
                "histories",
                "bestsellers",
                "articles",
                "transactions",
                *WEEKS,
                "params:training",
                "params:ranker",
            ],
            outputs="notebook_lists",
        ),
        Node(
            rank_als_candidates,
            name="rank_als_candidates",
            inputs=[
                "purchases",
                "training_examples",
                "rankers",
                "candidates",
                *CUSTOMERS,
                *ARTICLES,
                "feature_relevance",
                "timeline",
                "params:features",
                "params:sales",
                "params:training",
                "params:ranker",
                "params:evaluation",
            ],
            outputs="als_ranker_lists",
        ),
        Node(
            read_outside_lists,
            name="read_outside_lists",
            inputs=["outside_submissions", "customers", "articles", *WEEKS],
            outputs="outside_lists",
        ),
        Node(
            line_up_contestants,
            name="line_up_contestants",
            inputs=[
                "purchases",
                "bestsellers",
                "article_sales",
                "article_days",
                "histories",
                "candidates",
                "recommendations",
                "notebook_lists",
                "als_ranker_lists",
                "outside_lists",
                "timeline",
                "params:retrieval",
                "params:sales",
                "params:evaluation",
            ],
            outputs="contestant_lists",
        ),
    ]


def _judge() -> list[Node]:
    listed = ["contestant_lists", "articles", "article_sales", "timeline", "params:comparison", "params:evaluation"]
    return [
        Node(
            check_honesty,
            name="check_honesty",
            inputs=[
                "contestant_lists",
                "purchases",
                "transactions",
                "articles",
                "histories",
                "interactions",
                "article_sales",
                "article_features",
                "training_examples",
                "timeline",
                "params:retrieval",
                "params:sales",
                "params:features",
                "params:evaluation",
            ],
            outputs="honesty_checks",
        ),
        Node(
            score_customers,
            name="score_customers",
            inputs=["purchases", listed[0], "histories", *listed[1:]],
            outputs="per_customer_scores",
        ),
        Node(measure_exposure, name="measure_exposure", inputs=listed, outputs="exposure"),
        Node(
            summarise_metrics,
            name="summarise_metrics",
            inputs=["per_customer_scores", "exposure", "honesty_checks", *WEEKS],
            outputs="metrics",
        ),
        Node(
            segment_buyers,
            name="segment_buyers",
            inputs=["purchases", "histories", "params:sales"],
            outputs="buyer_segments",
        ),
        Node(
            count_hits_by_article,
            name="count_hits_by_article",
            inputs=["purchases", listed[0], "histories", *listed[1:]],
            outputs="hits_by_article",
        ),
    ]


def _compare() -> list[Node]:
    return [
        Node(
            compare_contestants,
            name="compare_contestants",
            inputs=["per_customer_scores", "params:comparison"],
            outputs=["contestant_scores", "comparison"],
        ),
        Node(
            compare_segments,
            name="compare_segments",
            inputs=["per_customer_scores", "buyer_segments", "hits_by_article", "params:comparison"],
            outputs="segment_comparison",
        ),
        Node(
            draw_evaluation,
            name="draw_evaluation",
            inputs=["metrics", "contestant_scores", "comparison", "segment_comparison"],
            outputs=[f"{chart.name}_figure" for chart in CHARTS],
        ),
    ]
