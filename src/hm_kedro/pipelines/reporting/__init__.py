"""One page from what the other pipelines left."""

from hm_kedro.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
