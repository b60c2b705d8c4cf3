"""The project's pipelines by name."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT = ("data_processing", "eda", "als_candidates", "lgbm_ranking", "evaluation")


def register_pipelines() -> dict[str, Pipeline]:
    """Find every pipeline; `__default__` is the way from the raw files to the comparison."""
    pipelines = find_pipelines(raise_errors=True)
    pipelines["__default__"] = sum((pipelines[name] for name in DEFAULT), Pipeline([]))
    return pipelines
