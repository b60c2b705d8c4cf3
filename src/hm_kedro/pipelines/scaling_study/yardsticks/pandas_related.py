"""Which articles are bought by the same customers, in pandas and numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from hm_kedro.parameters import RelatedParameters

    Numbers = npt.NDArray[Any]

# Of a weight, so that no product of two is taken for none.
LEAST = 1e-30
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
    sizes = np.bincount(articles, weights**2, width)
    # Purchases of the same customer that follow each.
    later = np.repeat(first + counts, counts) - np.arange(len(articles)) - 1
    common = pd.concat(
        counted[counted["size"] >= params.min_customers] for counted in _join(articles, weights, later, width)
    )
    one, two = np.divmod(common.index.to_numpy(), width)
    both = pd.DataFrame(
        {
            "article": np.concatenate([one, two]).astype(np.int32),
            "related": np.concatenate([two, one]).astype(np.int32),
            "product": np.tile(common["sum"], 2),
            "customers": np.tile(common["size"], 2).astype(np.int32),
        }
    )
    power = params.popularity_power
    scale = sizes[both["article"]] ** (power - 1) * sizes[both["related"]] ** -power
    both["similarity"] = (both.pop("product") * scale).astype(np.float32)
    both = both.sort_values(["article", "similarity", "related"], ascending=[True, False, True], ignore_index=True)
    both["rank"] = both.groupby("article").cumcount().astype(np.int32) + 1
    return both[both["rank"] <= params.neighbours]


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
