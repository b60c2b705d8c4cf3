"""From the raw files to tables with int keys."""

from hm_kedro.pipelines.data_processing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
