"""The project's pipelines by name."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT = ("data_processing", "eda", "als_candidates", "lgbm_ranking", "evaluation", "reporting")


def register_pipelines() -> dict[str, Pipeline]:
    """Find every pipeline; `__default__` is the way from the raw files to the comparison."""
    pipelines = find_pipelines(raise_errors=True)
    # A run that names its pipelines finds those alone; it has no use for the default one.
    found = [pipelines[name] for name in DEFAULT if name in pipelines]
    pipelines["__default__"] = sum(found, Pipeline([]))
    return pipelines
