"""What the retrievers say of a candidate."""

import numpy as np

from hm_kedro.parameters import FeatureParameters
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.lgbm_ranking.features.feature import Feature, Pairs
from hm_kedro.pipelines.lgbm_ranking.values import Values

SOURCE = {"source": "candidates", "window": "the retriever's own"}


def features(_: FeatureParameters, __: tuple[str, ...]) -> list[Feature]:
    """List them."""
    unproposed = "the retriever does not propose it"
    return [
        Feature("blend_score", "", "weighed sum of the retrievers' scores", **SOURCE),
        Feature("blend_rank", "rank", "place among the customer's candidates by that sum, from 1", **SOURCE),
        Feature("retrievers", "retrievers", "number of them that propose the article", **SOURCE),
        *[
            Feature(f"{name}_score", "", f"score by the retriever {name}", **SOURCE, missing=unproposed)
            for name in RETRIEVERS
        ],
        *[
            Feature(f"{name}_rank", "rank", f"rank by the retriever {name}, from 1", **SOURCE, missing=unproposed)
            for name in RETRIEVERS
        ],
    ]


def describe(pairs: Pairs, _: FeatureParameters, __: tuple[str, ...]) -> dict[str, Values]:
    """Hand the retrievers' scores and ranks on, and count who proposes."""
    ranks = [pairs.proposed[f"{name}_rank"] for name in RETRIEVERS]
    count = np.sum([~np.isnan(rank) for rank in ranks], axis=0)
    return {**pairs.proposed, "retrievers": np.asarray(count, np.float32)}
