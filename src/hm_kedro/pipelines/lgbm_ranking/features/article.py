"""How the article sells: the columns of `article_features`, the same for every customer."""

import numpy as np

from hm_kedro.parameters import FeatureParameters
from hm_kedro.pipelines.lgbm_ranking.features.feature import Feature, Pairs
from hm_kedro.pipelines.lgbm_ranking.features.repeats import PRIOR, repeat_shares
from hm_kedro.pipelines.lgbm_ranking.values import Values


def features(params: FeatureParameters, affinities: tuple[str, ...]) -> list[Feature]:
    """List them."""
    source = {"source": "article_features", "window": f"{params.window_days} days"}
    drawn = f"{PRIOR} days' worth of the next coarser share added"
    return [
        *list_article_features(params),
        Feature("article_never_sold", "", "1 if it was never sold before the week, else 0", **source),
        Feature("article_repeat_rate", "share", f"`article_repeat_share`, {drawn}", **source),
        *[
            Feature(f"{name}_repeat_rate", "share", f"the same of all articles of the article's {name}", **source)
            for name in affinities
        ],
    ]


def list_article_features(params: FeatureParameters) -> list[Feature]:
    """List the columns of `article_features` but its keys."""
    whole, lately = f"{params.window_days} days", f"{params.sales_days[-1]} days"
    source, sold = "transactions", "not sold in the window"
    with_ages = "transactions, customers"
    few, many = params.sales_days[-2:]
    return [
        *[
            Feature(f"article_sales_{days}d", "pieces", f"sales in the last {days} days", source, f"{days} days", sold)
            for days in params.sales_days
        ],
        Feature("article_sales", "pieces", "sales", source, whole, sold),
        Feature(
            "article_trend", "share", f"sales a day of {few} days by those of {many}", source, lately, "not sold in it"
        ),
        Feature(
            "article_rank",
            "rank",
            f"place by sales of the last {few} days, from 1; equals share it",
            source,
            whole,
            sold,
        ),
        Feature("article_days_on_sale", "days", "days since the first sale", source, whole, sold),
        Feature("article_days_since_sale", "days", "days since the latest sale", source, whole, sold),
        Feature("article_price", "price", f"mean price of the last {many} days", source, lately, "no price in it"),
        Feature("article_price_change", "share", "that by the mean price of all", source, whole, "no price"),
        Feature("article_online_share", "share", "share of pieces sold online", source, whole, "no channel known"),
        Feature(
            "article_buyers_age",
            "years",
            f"mean age of the buyers of the last {many} days",
            with_ages,
            lately,
            "no age known",
        ),
        Feature(
            "article_buyers_age_spread", "years", "standard deviation of those ages", with_ages, lately, "no age known"
        ),
        Feature("article_buyers", "customers", "customers who bought it for the first time", source, whole, sold),
        Feature("article_repeats", "customers", "customers, by day, who bought it and had before", source, whole, sold),
        Feature(
            f"article_buyers_{few}d",
            "customers",
            f"customers, by day of purchase, of the last {few} days",
            source,
            f"{few} days",
            sold,
        ),
        Feature(
            f"article_repeats_{few}d",
            "customers",
            "those of them who had bought it before",
            source,
            f"{few} days",
            sold,
        ),
        Feature(
            f"article_new_buyers_{many}d",
            "customers",
            f"customers who bought it for the first time in the last {many} days",
            source,
            lately,
            sold,
        ),
        Feature(
            "article_repeat_share",
            "share",
            "share of days of purchase, by customer, that are not the first",
            source,
            whole,
            sold,
        ),
        Feature(
            "product_sales",
            "pieces",
            f"sales of the product in the last {many} days, in any variant",
            source,
            lately,
            "not sold in the window, or of no product",
        ),
        Feature("product_share", "share", "article's share in those", source, lately, "product not sold in it"),
    ]


def describe(pairs: Pairs, _: FeatureParameters, affinities: tuple[str, ...]) -> dict[str, Values]:
    """Look the articles up."""
    columns = {name: values[pairs.articles] for name, values in pairs.shop.article_features.items()}
    never = np.isnan(columns["article_days_on_sale"])
    of_attributes, of_articles = repeat_shares(pairs.shop, affinities)
    return {
        **columns,
        "article_never_sold": never.astype(np.float32),
        "article_repeat_rate": of_articles[pairs.articles],
        **{f"{name}_repeat_rate": shares[pairs.articles] for name, shares in of_attributes.items()},
    }
