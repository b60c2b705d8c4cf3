"""Judge bestsellers, ALS and the ranker on weeks that none of them saw."""

from hm_kedro.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
