"""Measure what data, cores, engines and settings cost in time and buy in quality; each run a process of its own.

raw_dir + study ─┬─ scaling_runs ─ scaling_measurements ─┬─ scaling_report ─ figures
                 └─ quality_runs ─ scaling_quality ──────┘
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.scaling_study.charts import CHARTS, draw_scaling
from hm_kedro.pipelines.scaling_study.nodes import (
    collect_measurements,
    collect_quality,
    measure_quality,
    measure_stages,
)
from hm_kedro.pipelines.scaling_study.report import fit_scaling

STUDY = ["params:raw_dir", "params:study", "params:scaling_study"]


def create_pipeline(**_: object) -> Pipeline:
    """Wire scaling_study."""
    return Pipeline(
        [
            Node(
                measure_stages,
                name="measure_stages",
                inputs=["scaling_folder", "earlier_runs", *STUDY],
                outputs="scaling_runs",
            ),
            Node(
                collect_measurements,
                name="collect_measurements",
                inputs=["scaling_runs", *STUDY],
                outputs="scaling_measurements",
            ),
            Node(
                measure_quality,
                name="measure_quality",
                inputs=["scaling_folder", "earlier_quality", *STUDY],
                outputs="quality_runs",
            ),
            Node(
                collect_quality,
                name="collect_quality",
                inputs=["quality_runs", *STUDY],
                outputs="scaling_quality",
            ),
            Node(
                fit_scaling,
                name="fit_scaling",
                inputs=["scaling_measurements", "scaling_quality"],
                outputs="scaling_report",
            ),
            Node(
                draw_scaling,
                name="draw_scaling",
                inputs="scaling_report",
                outputs=[f"{chart.name}_figure" for chart in CHARTS],
            ),
        ],
        namespace="scaling_study",
        prefix_datasets_with_namespace=False,
    )
