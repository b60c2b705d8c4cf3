"""Look for the settings of ALS, on weeks earlier than any that is judged.

transactions + customers ─ tuning_histories + tuning_purchases ─ als_trials ─ als_tuning_report ─ figure
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.als_tuning.nodes import choose_settings, draw_trials, sample_buyers, try_settings


def create_pipeline(**_: object) -> Pipeline:
    """Wire als_tuning."""
    return Pipeline(
        [
            Node(
                sample_buyers,
                name="sample_buyers",
                inputs=[
                    "transactions",
                    "customers",
                    "timeline",
                    "params:retrieval",
                    "params:als_tuning",
                    "params:evaluation",
                ],
                outputs=["tuning_histories", "tuning_purchases"],
            ),
            Node(
                try_settings,
                name="try_settings",
                inputs=[
                    "tuning_histories",
                    "tuning_purchases",
                    "transactions",
                    "timeline",
                    "earlier_trials",
                    "params:als",
                    "params:als_tuning",
                    "params:evaluation",
                ],
                outputs="als_trials",
            ),
            Node(
                choose_settings,
                name="choose_settings",
                inputs=["als_trials", "timeline", "params:als_tuning", "params:evaluation"],
                outputs="als_tuning_report",
            ),
            Node(draw_trials, name="draw_trials", inputs="als_tuning_report", outputs="als_trials_figure"),
        ],
        namespace="als_tuning",
        prefix_datasets_with_namespace=False,
    )
