"""Make H&M-shaped files of any size."""

from hm_kedro.pipelines.synthetic_data.pipeline import create_pipeline

__all__ = ["create_pipeline"]
