"""What the ranker loses without each family of features and each retriever."""

from hm_kedro.pipelines.ablation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
