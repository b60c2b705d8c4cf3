"""How the customer shops: the same for all of their candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hm_kedro.pipelines.lgbm_ranking.features.feature import Feature, Pairs, sum_by_customer
from hm_kedro.pipelines.lgbm_ranking.values import Numbers, Values, ratio

if TYPE_CHECKING:
    from hm_kedro.parameters import FeatureParameters
    from hm_kedro.pipelines.als_candidates.block import Block

SOURCE = {"source": "histories", "window": "retrieval.history_days"}
NOTHING = "nothing bought"


def features(params: FeatureParameters, _: tuple[str, ...]) -> list[Feature]:
    """List them."""
    of_all = {"source": "customers", "window": "none"}
    return [
        Feature("customer_age", "years", "age of the customer", **of_all, missing="unknown"),
        Feature("customer_club", "", "1 for active members of the club, else 0", **of_all, missing="unknown"),
        Feature("customer_news", "", "1 for those who get fashion news, else 0", **of_all, missing="unknown"),
        *[
            Feature(
                f"customer_purchases_{days}d",
                "pieces",
                f"pieces bought in the last {days} days",
                "histories",
                f"{days} days",
            )
            for days in params.sales_days
        ],
        Feature("customer_purchases", "pieces", "pieces bought", **SOURCE),
        Feature("customer_days_since_purchase", "days", "days since the latest purchase", **SOURCE, missing=NOTHING),
        Feature("customer_days_known", "days", "days since the first purchase", **SOURCE, missing=NOTHING),
        Feature("customer_shopping_days", "days", "days on which the customer bought", **SOURCE),
        Feature(
            "customer_days_between", "days", "mean number of days between those", **SOURCE, missing="fewer than two"
        ),
        Feature("customer_basket", "pieces", "mean number of pieces bought on such a day", **SOURCE, missing=NOTHING),
        Feature("customer_variety", "share", "different articles by pieces bought", **SOURCE, missing=NOTHING),
        Feature("customer_price", "price", "mean price paid for a piece", **SOURCE, missing="no price known"),
        Feature(
            "customer_price_spread",
            "price",
            "standard deviation of the prices paid",
            **SOURCE,
            missing="no price known",
        ),
        Feature(
            "customer_online_share", "share", "share of pieces bought online", **SOURCE, missing="no channel known"
        ),
    ]


def describe(pairs: Pairs, params: FeatureParameters, _: tuple[str, ...]) -> dict[str, Values]:
    """Sum the customers' histories up, and spread the sums over their candidates."""
    block, habits = pairs.block, pairs.habits
    # Lines are by customer and rising age.
    starts = np.searchsorted(block.rows, np.arange(len(block)))
    ends = np.searchsorted(block.rows, np.arange(len(block)), side="right") - 1
    some = ends >= starts
    latest, first = (_ages(block, places, some) for places in (starts, ends))
    new_day = np.diff(block.age_days, prepend=-1) != 0
    new_day[starts[some]] = True
    days = sum_by_customer(block, new_day)
    of_article = np.unique(block.rows.astype(np.int64) << 32 | block.articles)
    articles = np.bincount(of_article >> 32, minlength=len(block))
    columns = {
        "customer_age": block.ages,
        **pairs.traits,
        **{
            f"customer_purchases_{n}d": sum_by_customer(block, block.quantities, block.age_days <= n)
            for n in params.sales_days
        },
        "customer_purchases": habits.pieces,
        "customer_days_since_purchase": latest,
        "customer_days_known": first,
        "customer_shopping_days": days,
        "customer_days_between": ratio(first - latest, days - 1),
        "customer_basket": ratio(habits.pieces, days),
        "customer_variety": ratio(articles, habits.pieces),
        "customer_price": habits.price,
        "customer_price_spread": habits.price_spread,
        "customer_online_share": habits.online_share,
    }
    return {name: pairs.of_customers(values) for name, values in columns.items()}


def _ages(block: Block, places: Numbers, some: Numbers) -> Numbers:
    if not len(block.age_days):
        return np.full(len(block), np.nan)
    return np.where(some, block.age_days[places.clip(0, len(block.age_days) - 1)], np.nan)
