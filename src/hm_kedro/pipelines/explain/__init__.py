"""Say why customers were recommended what they were."""

from hm_kedro.pipelines.explain.pipeline import create_pipeline

__all__ = ["create_pipeline"]
