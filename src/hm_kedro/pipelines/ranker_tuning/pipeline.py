"""Look for the settings of the ranker, on weeks earlier than any that is judged.

candidates + histories + factors + articles ─ tuning_examples ─ ranker_trials ─ ranker_tuning_report ─ figure
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.lgbm_ranking.pipeline import ARTICLES, CUSTOMERS
from hm_kedro.pipelines.ranker_tuning.nodes import (
    choose_settings,
    describe_tuning_examples,
    draw_trials,
    try_settings,
)

SEARCH = ["timeline", "params:ranker_tuning", "params:evaluation"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire ranker_tuning."""
    return Pipeline(
        [
            Node(
                describe_tuning_examples,
                name="describe_tuning_examples",
                inputs=[
                    "candidates",
                    "transactions",
                    *CUSTOMERS,
                    *ARTICLES,
                    "feature_relevance",
                    "timeline",
                    "params:features",
                    "params:sales",
                    "params:evaluation",
                    "params:training",
                    "params:ranker_tuning",
                ],
                outputs="tuning_examples",
            ),
            Node(
                try_settings,
                name="try_settings",
                inputs=["tuning_examples", "earlier_ranker_trials", "params:ranker", "params:training", *SEARCH],
                outputs="ranker_trials",
            ),
            Node(
                choose_settings,
                name="choose_settings",
                inputs=["ranker_trials", "tuning_examples", *SEARCH],
                outputs="ranker_tuning_report",
            ),
            Node(draw_trials, name="draw_trials", inputs="ranker_tuning_report", outputs="ranker_trials_figure"),
        ],
        namespace="ranker_tuning",
        prefix_datasets_with_namespace=False,
    )
