"""What the ranker knows of a candidate, in families: one module each, all from the week's history.

Age of a purchase is the days from it to the target week, so 1 is the day before. To add a family, write a module with
`features` (what its columns say) and `describe` (their values) and name it in FAMILIES.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_kedro.pipelines.lgbm_ranking.features import article, customer, match, own_history, retrieval
from hm_kedro.pipelines.lgbm_ranking.features.feature import Feature, Pairs
from hm_kedro.pipelines.lgbm_ranking.values import Values

if TYPE_CHECKING:
    from hm_kedro.parameters import FeatureParameters

FAMILIES = {
    "retrieval": retrieval,
    "own_history": own_history,
    "article": article,
    "customer": customer,
    "match": match,
}

__all__ = ["FAMILIES", "Feature", "Pairs", "describe", "families", "list_features"]


def families(params: FeatureParameters, affinities: tuple[str, ...]) -> dict[str, list[Feature]]:
    """List the features of the families that are switched on.

    Args:
        affinities: the attributes of articles whose shares in a customer's purchases are features.
    """
    return {
        name: module.features(params, affinities) for name, module in FAMILIES.items() if name not in params.without
    }


def list_features(params: FeatureParameters, affinities: tuple[str, ...]) -> list[str]:
    """Give the features' names, in their order."""
    return [feature.name for family in families(params, affinities).values() for feature in family]


def describe(pairs: Pairs, params: FeatureParameters, affinities: tuple[str, ...]) -> dict[str, Values]:
    """Describe candidates: a column a feature, in the order of `list_features`."""
    columns: dict[str, Values] = {}
    for name, listed in families(params, affinities).items():
        made = FAMILIES[name].describe(pairs, params, affinities)
        columns |= {feature.name: made[feature.name] for feature in listed}
    return columns
