"""How often what is bought is bought again: shares of articles and of attributes' values, those of few days drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hm_kedro.pipelines.lgbm_ranking.shop import Shop
    from hm_kedro.pipelines.lgbm_ranking.values import Values

PRIOR = 30  # days of purchase that the coarser share counts as


def repeat_shares(shop: Shop, attributes: tuple[str, ...]) -> tuple[dict[str, Values], Values]:
    """Give the share of days of purchase that were not the customer's first of the article.

    Each share is the mean of a beta distribution after its own days, before which it was the next coarser share,
    worth PRIOR days: of all articles, then of the attributes' values, those of the fewest values first, then of the
    article. An attribute of which each article has a value of its own is passed over. Values are counted among what
    was sold: the list of articles may have some that are launched later.

    Returns:
        Of the articles' values, by attribute, and of the articles themselves; a value an article.
    """
    found: tuple[dict[str, Values], Values] = shop.knowledge.once(
        ("repeat_shares", attributes), lambda: _shares(shop, attributes)
    )
    return found


def _shares(shop: Shop, attributes: tuple[str, ...]) -> tuple[dict[str, Values], Values]:
    repeats, first = (
        np.nan_to_num(shop.article_features[name]).astype(np.float64) for name in ("article_repeats", "article_buyers")
    )
    days = repeats + first
    share = np.full(len(days), repeats.sum() / max(days.sum(), 1))
    of_attributes = {}
    known_values = {name: shop.codes[name][(shop.codes[name] >= 0) & (days > 0)] for name in attributes}
    sizes = {name: len(np.unique(values)) for name, values in known_values.items()}
    for name in sorted(attributes, key=lambda name: (sizes[name], name)):
        codes = shop.codes[name]
        if sizes[name] < len(known_values[name]):
            known = np.flatnonzero(codes >= 0)
            values = codes[known]
            again, bought = (np.bincount(values, counts[known])[values] for counts in (repeats, days))
            share = share.copy()
            share[known] = (again + PRIOR * share[known]) / (bought + PRIOR)
        of_attributes[name] = share.astype(np.float32)
    return of_attributes, ((repeats + PRIOR * share) / (days + PRIOR)).astype(np.float32)
