"""Look for the settings of ALS, on weeks earlier than any that is judged."""

from hm_kedro.pipelines.als_tuning.pipeline import create_pipeline

__all__ = ["create_pipeline"]
