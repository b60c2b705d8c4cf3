"""What more data, more cores, another engine and a cluster buy, in time and in quality."""

from hm_kedro.pipelines.scaling_study.pipeline import create_pipeline

__all__ = ["create_pipeline"]
