"""Look for the settings of the ranker, on weeks earlier than any that is judged."""

from hm_kedro.pipelines.ranker_tuning.pipeline import create_pipeline

__all__ = ["create_pipeline"]
