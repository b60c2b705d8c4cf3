"""A first look at the shop: its customers and its weeks."""

from hm_kedro.pipelines.eda.pipeline import create_pipeline

__all__ = ["create_pipeline"]
