"""Make H&M-shaped files of any size.

scale + seed
    └─ synthetic_purchases + synthetic_truth
           ├─ synthetic_ceiling ─┐
           └─────────────────────┴─ synthetic_files
"""

from kedro.pipeline import Node, Pipeline

from hm_kedro.pipelines.synthetic_data.nodes import draw_purchases, measure_ceiling, write_files


def create_pipeline(**_: object) -> Pipeline:
    """Wire synthetic_data."""
    return Pipeline(
        [
            Node(
                draw_purchases,
                name="draw_purchases",
                inputs=["params:scale", "params:synthetic"],
                outputs=["synthetic_purchases", "synthetic_truth"],
            ),
            Node(
                measure_ceiling,
                name="measure_ceiling",
                inputs=["synthetic_purchases", "synthetic_truth"],
                outputs="synthetic_ceiling",
            ),
            Node(
                write_files,
                name="write_files",
                inputs=["params:scale", "params:synthetic", "synthetic_purchases", "synthetic_ceiling"],
                outputs="synthetic_files",
            ),
        ],
        namespace="synthetic_data",
        prefix_datasets_with_namespace=False,
    )
