"""How the article suits the customer: age, price, channel, factors, and likeness to what they bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hm_kedro.pipelines.als_candidates.block import decay
from hm_kedro.pipelines.lgbm_ranking.features.feature import Feature, Pairs, sum_by_customer
from hm_kedro.pipelines.lgbm_ranking.features.own_history import FADING
from hm_kedro.pipelines.lgbm_ranking.values import Numbers, Values, ratio

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from hm_kedro.parameters import FeatureParameters
    from hm_kedro.pipelines.als_candidates.proposals import Integers

MOST_FACTORS = 1 << 22  # of candidates whose factors are multiplied at once


def features(params: FeatureParameters, _: tuple[str, ...]) -> list[Feature]:
    """List them."""
    both = {"source": "histories, article_features", "window": f"{params.window_days} days"}
    of_als = {"source": "user_factors, item_factors", "window": "als.window_days", "missing": "no factors of both"}
    related = {"source": "histories, related_articles", "window": "related.window_days"}
    return [
        Feature(
            "age_distance",
            "years",
            "customer's age less the mean age of the article's buyers",
            **both,
            missing="an age unknown",
        ),
        Feature(
            "age_distance_spreads",
            "standard deviations",
            "the same by the spread of the buyers' ages",
            **both,
            missing="an age unknown, or no spread",
        ),
        Feature(
            "age_group_share",
            "share",
            "share of the article's latest sales that went to the customer's age group",
            "article_sales",
            "sales.trend_days",
            "no sales, or age unknown",
        ),
        Feature(
            "age_group_sales",
            "pieces",
            "latest sales of the article to the customer's age group",
            "article_sales",
            "sales.window_days",
            "age unknown",
        ),
        Feature(
            "price_ratio",
            "share",
            "article's price by the mean price that the customer pays",
            **both,
            missing="a price unknown",
        ),
        Feature(
            "price_distance_spreads",
            "standard deviations",
            "article's price less that mean, by the spread of what they pay",
            **both,
            missing="a price unknown, or no spread",
        ),
        Feature(
            "channel_distance",
            "share",
            "customer's share of online purchases less the article's",
            **both,
            missing="a channel unknown",
        ),
        Feature(
            "freshness_distance",
            "log days",
            f"log of the article's days on sale less its mean over what they bought, then, weighed 1 / age^{FADING}",
            **both,
            missing="not sold, or nothing bought, in the window",
        ),
        Feature(
            "popularity_distance",
            "log pieces",
            f"log of the article's sales less its mean over what they bought, weighed 1 / age^{FADING}",
            **both,
            missing="not sold, or nothing bought, in the window",
        ),
        Feature("factors_product", "", "dot product of the customer's and the article's factors of ALS", **of_als),
        Feature("factors_cosine", "", "cosine of the two", **of_als),
        Feature(
            "basket_similarity",
            "",
            "likeness by co-purchase to the articles of the customer's last shopping day, summed up",
            **related,
        ),
        Feature(
            "history_similarity", "", f"likeness to all they bought, a purchase counting 1 / age^{FADING}", **related
        ),
    ]


def describe(pairs: Pairs, _: FeatureParameters, __: tuple[str, ...]) -> dict[str, Values]:
    """Hold the customers against the articles."""
    block, shop, habits = pairs.block, pairs.shop, pairs.habits
    of_article = {name: values[pairs.articles] for name, values in shop.article_features.items()}
    age = pairs.of_customers(block.ages)
    years = age - of_article["article_buyers_age"]
    price, paid = of_article["article_price"], pairs.of_customers(habits.price)
    groups = shop.knowledge.age_groups(block.ages)[pairs.rows]
    lately, recently = shop.group_sales(groups, pairs.articles)
    product, cosine = _factors(pairs)
    last = block.age_days == _last(pairs)[block.rows]
    return {
        "age_distance": years,
        "age_distance_spreads": ratio(years, of_article["article_buyers_age_spread"]),
        "age_group_share": recently,
        "age_group_sales": lately,
        "price_ratio": ratio(price, paid),
        "price_distance_spreads": ratio(price - paid, pairs.of_customers(habits.price_spread)),
        "channel_distance": pairs.of_customers(habits.online_share) - of_article["article_online_share"],
        **_taste(pairs),
        "factors_product": product,
        "factors_cosine": cosine,
        "basket_similarity": _similarity(pairs, last.astype(np.float64)),
        "history_similarity": _similarity(pairs, decay(block.age_days, FADING)),
    }


def _taste(pairs: Pairs) -> dict[str, Values]:
    """Hold how new and how popular the article is against what the customer usually buys."""
    block, of_articles = pairs.block, pairs.shop.article_features
    on_sale, sales = of_articles["article_days_on_sale"], of_articles["article_sales"]
    weights = decay(block.age_days, FADING)
    # Days on sale on the day of the purchase; the window that they are counted in begins after some purchases.
    then = np.log1p(np.maximum(on_sale[block.articles] - block.age_days, 0))
    lines = {"freshness": then, "popularity": np.log1p(sales[block.articles])}
    candidates = {"freshness": np.log1p(on_sale), "popularity": np.log1p(sales)}
    distances = {}
    for name, values in lines.items():
        known = np.isfinite(values)
        mean = ratio(sum_by_customer(block, weights * values, known), sum_by_customer(block, weights, known))
        distances[f"{name}_distance"] = candidates[name][pairs.articles] - pairs.of_customers(mean)
    return distances


def _last(pairs: Pairs) -> Integers:
    """Give the age of each customer's latest purchase."""
    latest = np.full(len(pairs.block), np.iinfo(np.int32).max, np.int32)
    np.minimum.at(latest, pairs.block.rows, pairs.block.age_days)
    return latest


def _factors(pairs: Pairs) -> tuple[Values, Values]:
    of_customers, of_articles = pairs.block.factors, pairs.shop.factors
    product = np.full(len(pairs), np.nan, np.float32)
    if of_customers is None or of_customers.shape[1] != of_articles.shape[1] or not of_articles.shape[1]:
        return product, product.copy()
    step = max(MOST_FACTORS // of_articles.shape[1], 1)
    for start in range(0, len(pairs), step):
        part = slice(start, start + step)
        left, right = of_customers[pairs.rows[part]], of_articles[pairs.articles[part]]
        product[part] = np.einsum("ij,ij->i", left, right)
    lengths = np.linalg.norm(of_customers, axis=1)[pairs.rows] * pairs.shop.factor_lengths[pairs.articles]
    return product, ratio(product, lengths)


def _similarity(pairs: Pairs, weights: Numbers) -> Values:
    """Sum up the weights of the customer's lines times the likeness of their articles to the candidate."""
    width = pairs.shop.knowledge.width
    likeness: csr_matrix = pairs.block.purchases(weights, width) @ pairs.shop.knowledge.related
    likeness.sort_indices()
    rows = np.repeat(np.arange(len(pairs.block), dtype=np.int64), np.diff(likeness.indptr))
    keys, asked = rows * width + likeness.indices, pairs.rows.astype(np.int64) * width + pairs.articles
    if not len(keys):
        return np.zeros(len(pairs), np.float32)
    places = np.searchsorted(keys, asked).clip(max=len(keys) - 1)
    return np.where(keys[places] == asked, likeness.data[places], 0).astype(np.float32)
