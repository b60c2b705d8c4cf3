"""What a feature says, in words that a buyer would understand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.lgbm_ranking.features.own_history import VISITS

if TYPE_CHECKING:
    from collections.abc import Mapping

# By feature: a sentence about the article and the customer, and from which value and up to which it is true. Features
# without one say nothing that a buyer would understand, or nothing about this article.
Sentence = tuple[str, float, float]
ALWAYS = -math.inf, math.inf
SENTENCES: dict[str, Sentence] = {
    "article_times_bought": ("bought {:.0f} of it before", 1, math.inf),
    "article_days_bought": ("bought it on {:.0f} days", 2, math.inf),
    "article_days_since_bought": ("bought it {:.0f} days ago", *ALWAYS),
    "article_due": ("usually buys it again after about such a time", 0.5, 2),
    "article_visit_share": ("bought it on {:.0%} of their shopping days since they first did", 0.01, 1),
    **{
        f"article_in_{count}_visits": (f"bought it on {{:.0f}} of their last {count} shopping days", 1, math.inf)
        for count in VISITS
    },
    "product_times_bought": ("bought {:.0f} pieces of its product before", 1, math.inf),
    "product_days_bought": ("bought its product on {:.0f} days", 2, math.inf),
    "product_days_since_bought": ("bought its product {:.0f} days ago", *ALWAYS),
    "product_due": ("usually buys its product again after about such a time", 0.5, 2),
    "retrievers": ("{:.0f} retrievers propose it", 2, math.inf),
    "blend_rank": ("number {:.0f} by the retrievers together", 1, 50),
    "als_rank": ("number {:.0f} of what customers alike buy", 1, 100),
    "own_purchases_rank": ("number {:.0f} of their own purchases", 1, 100),
    "product_variants_rank": ("another variant of what they bought", *ALWAYS),
    "bought_together_rank": ("often bought by those who bought what they bought", *ALWAYS),
    "attribute_profile_rank": ("of the kind that they buy", *ALWAYS),
    "bestsellers_rank": ("number {:.0f} of last week's bestsellers", 1, 100),
    "age_bestsellers_rank": ("number {:.0f} in their age group", 1, 100),
    "section_bestsellers_rank": ("number {:.0f} in the section where they buy most", 1, 100),
    "trending_rank": ("number {:.0f} of what sells better than before", 1, 100),
    "newcomers_rank": ("number {:.0f} of what new customers buy", 1, 100),
    "article_rank": ("number {:.0f} of what sold lately", 1, 500),
    "article_trend": ("sells {:.1f} times as well as before", 1.2, math.inf),
    "article_days_on_sale": ("new: on sale for {:.0f} days", 1, 28),
    "article_price_change": ("costs {:.0%} of its usual price", 0.01, 0.95),
    "article_repeat_rate": ("{:.0%} of purchases of it and its kind are repeated ones", 0.05, 1),
    "article_repeat_share": ("{:.0%} of its purchases are repeated ones", 0.05, 1),
    "age_distance": ("bought by customers of about their age", -7, 7),
    "age_distance_spreads": ("bought by customers of about their age", -0.7, 0.7),
    "age_group_sales": ("{:.0f} sold to their age group lately", 1, math.inf),
    "age_group_share": ("{:.0%} of its sales go to their age group", 0.01, 1),
    "price_ratio": ("costs {:.1f} times what they usually pay", 0.5, 2),
    "price_distance_spreads": ("costs about what they usually pay", -1, 1),
    "factors_product": ("customers alike buy it", 0, math.inf),
    "factors_cosine": ("customers alike buy it", 0, math.inf),
    "basket_similarity": ("often bought by those who bought what they bought last", 1e-9, math.inf),
    "history_similarity": ("often bought by those who bought what they bought", 1e-9, math.inf),
}
AFFINITY = "{:.0%} of what they bought is of its "


def say(feature: str, value: float) -> str:
    """Say what the value of a feature says of an article and a customer; nothing where there is nothing to say.

    >>> say("product_days_since_bought", 9.0)
    'bought its product 9 days ago'
    >>> say("affinity_product_type", 0.25)
    '25% of what they bought is of its product type'
    >>> say("customer_age", 30.0), say("price_ratio", float("nan")), say("article_trend", 0.5)
    ('', '', '')
    """
    if math.isnan(value):
        return ""
    if "affinity_" in feature:
        attribute = feature.rpartition("affinity_")[2].replace("_", " ")
        return (AFFINITY + attribute).format(value) if value > 0 else ""
    name = feature
    if feature.endswith("_score") and feature.removesuffix("_score") in RETRIEVERS:
        name = feature.removesuffix("_score") + "_rank"
        if "{" in SENTENCES[name][0]:  # its rank says it
            return ""
    if name not in SENTENCES:
        return ""
    sentence, least, most = SENTENCES[name]
    return sentence.format(value) if name != feature or least <= value <= most else ""


def reasons(contributions: Mapping[str, float], values: Mapping[str, float], most: int) -> list[str]:
    """Give the sentences of the features that speak most for an article, each once, the weightiest first."""
    for_it = sorted((name for name, worth in contributions.items() if worth > 0), key=lambda name: -contributions[name])
    said = dict.fromkeys(sentence for name in for_it if (sentence := say(name, values[name])))
    return list(said)[:most]
