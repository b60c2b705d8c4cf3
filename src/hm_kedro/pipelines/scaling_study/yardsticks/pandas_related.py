"""Which articles are bought by the same customers, in pandas and numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hm_kedro.pipelines.scaling_study.yardsticks.tables import LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from hm_kedro.parameters import RelatedParameters

    Numbers = npt.NDArray[Any]

SCORE_BITS = 32
# Pairs of purchases that are looked at together: bounds the memory, but for a single article with more.
PAIRS = 1 << 23


def relate_week(history: pd.DataFrame, params: RelatedParameters) -> pd.DataFrame:
    """Find the articles that are bought by the same customers, as `als_candidates.related.relate` does.

    Args:
        history: purchases with `customer`, `article` and `age_days`.

    Returns:
        `article`, `related`, `similarity`, `customers`, `rank`, by article and rank.
    """
    width = int(history["article"].max()) + 1
    pair = history["customer"].to_numpy(np.int64) * width + history["article"].to_numpy()
    age_days = history["age_days"].groupby(pair).min()
    customers, articles = np.divmod(age_days.index.to_numpy(), width)
    _, first, counts = np.unique(customers, return_index=True, return_counts=True)
    bought = np.repeat(counts, counts)
    weights = np.maximum(np.exp2(-age_days.to_numpy() / params.half_life_days), LEAST) / bought**params.history_power
    # Articles that nobody bought divide nothing.
    sizes = np.maximum(np.bincount(articles, weights**2, width), LEAST**2)
    # Purchases of the same customer that follow each.
    later = np.repeat(first + counts, counts) - np.arange(len(articles)) - 1
    common = pd.concat(
        counted[counted["size"] >= params.min_customers] for counted in _join(articles, weights, later, width)
    )
    one, two = np.divmod(common.index.to_numpy(), width)
    article, related = np.concatenate([one, two]), np.concatenate([two, one])
    scale = sizes ** (params.popularity_power - 1), sizes**-params.popularity_power
    similarity = (np.tile(common["sum"], 2) * scale[0][article] * scale[1][related]).astype(np.float32)
    # Bits of positive floats have the floats' order: one number for article and falling similarity.
    best_first = (article << SCORE_BITS) - similarity.view(np.int32)
    order = np.lexsort((related, best_first))
    best = pd.DataFrame(
        {
            "article": article[order].astype(np.int32),
            "related": related[order].astype(np.int32),
            "similarity": similarity[order],
            "customers": np.tile(common["size"], 2)[order].astype(np.int32),
        }
    )
    best["rank"] = best.groupby("article").cumcount().astype(np.int32) + 1
    return best[best["rank"] <= params.neighbours]


def _join(articles: Numbers, weights: Numbers, later: Numbers, width: int) -> Iterator[pd.DataFrame]:
    """Join the purchases with those of the same customer that follow them, some articles at a time.

    A merge by customer gives the same pairs in four times the time.

    Yields:
        By the number of a pair of articles, `sum` of the weights' products and `size`, the number of customers.
    """
    by_article = np.argsort(articles, kind="stable")
    ends = np.searchsorted(articles[by_article], np.arange(width), side="right")
    pairs = np.concatenate([[0], np.cumsum(later[by_article])])[ends]
    cuts = ends[np.flatnonzero(np.diff(pairs // PAIRS, append=-1))]
    for rows in np.split(by_article, cuts[:-1]):
        counts = later[rows]
        one = np.repeat(rows, counts)
        two = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
        products = pd.Series(weights[one] * weights[two])
        yield products.groupby(articles[one] * width + articles[two], sort=False).agg(["sum", "size"])
