"""Rank candidates with LightGBM."""

from hm_kedro.pipelines.lgbm_ranking.pipeline import create_pipeline

__all__ = ["create_pipeline"]
