"""Propose articles to customers: ALS and the retrievers beside it."""

from hm_kedro.pipelines.als_candidates.pipeline import create_pipeline

__all__ = ["create_pipeline"]
