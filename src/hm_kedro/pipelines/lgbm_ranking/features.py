"""What the ranker knows of a candidate, in families: one function each, all from the week's history.

`age_days` counts from a purchase to the target week, so 1 is the day before it.
"""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from hm_kedro.parameters import FeatureParameters
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.eda.relevance import MATCHED
from hm_kedro.tables import exact, pieces

RETRIEVAL = [f"{name}_{value}" for name in RETRIEVERS for value in ("score", "rank")]

# Every feature: name, what it says. Missing means that there is nothing to say (never bought, unknown age).
FEATURES: dict[str, str] = {
    **{f"{name}_score": f"score by the retriever {name}" for name in RETRIEVERS},
    **{f"{name}_rank": f"rank by the retriever {name}, from 1" for name in RETRIEVERS},
    "retrievers": "number of retrievers that propose the article",
    "times_bought": "purchases of the article by the customer",
    "days_since_bought": "days since the customer's latest purchase of the article",
    "product_times_bought": "purchases of the product, in any variant, by the customer",
    "product_days_since_bought": "days since the customer's latest purchase of the product",
    "article_sales_7d": "sales of the article in the last 7 days",
    "article_sales_28d": "sales of the article in the last 28 days",
    "article_sales": "sales of the article in the window",
    "article_buyers": "customers who bought the article in the window",
    "article_repeat_share": "share of its buyers who bought the article on two days or more",
    "article_days_on_sale": "days since the first sale of the article in the window",
    "article_days_since_sale": "days since the latest sale of the article",
    "article_buyers_age": "mean age of the article's buyers of the last 28 days, weighted by purchases, years",
    "article_price": "mean price of the article in the last 28 days",
    "article_online_share": "share of the article's sales in the window that were online",
    "customer_days_since_purchase": "days since the customer's latest purchase",
    "customer_purchases": "purchases by the customer in the window",
    "customer_purchases_28d": "purchases by the customer in the last 28 days",
    "customer_shopping_days": "days on which the customer bought",
    "customer_articles": "different articles that the customer bought",
    "customer_price": "mean price that the customer paid",
    "customer_online_share": "share of the customer's purchases that were online",
    "customer_age": "age of the customer, years",
    "age_distance": "customer's age less the mean age of the article's buyers, years",
    "price_ratio": "article's price by the customer's mean price",
    **{
        f"affinity_{name}": f"share of the customer's purchases that are of the article's {name}; missing if not chosen"
        for name in MATCHED
    },
}

ONLINE = 2
WEEK_DAYS, MONTH_DAYS = 7, 28


def customer_article_features(history: DataFrame) -> DataFrame:
    """Give one row per (week, customer, article): how often and how lately it was bought."""
    return history.groupBy("week", "customer", "article").agg(
        pieces().alias("times_bought"),
        F.min("age_days").alias("days_since_bought"),
        F.count_distinct("t_dat").cast("int").alias("days_bought"),
    )


def customer_product_features(own: DataFrame, articles: DataFrame) -> DataFrame:
    """Give one row per (week, customer, product): how often and how lately any variant was bought.

    Args:
        own: `customer_article_features`.
        articles: primary `articles`.
    """
    products = own.join(articles.select("article", "product"), "article")
    return products.groupBy("week", "customer", "product").agg(
        F.sum("times_bought").cast("int").alias("product_times_bought"),
        F.min("days_since_bought").alias("product_days_since_bought"),
    )


def article_features(history: DataFrame, own: DataFrame, customers: DataFrame) -> DataFrame:
    """Give one row per (week, article): how it sells, to whom, at which price."""
    lately = F.col("age_days") <= MONTH_DAYS
    sales = (
        history.join(customers.select("customer", "age"), "customer", "left")
        .groupBy("week", "article")
        .agg(
            pieces(F.col("age_days") <= WEEK_DAYS).alias("article_sales_7d"),
            pieces(lately).alias("article_sales_28d"),
            pieces().alias("article_sales"),
            F.max("age_days").alias("article_days_on_sale"),
            F.min("age_days").alias("article_days_since_sale"),
            _mean_piece(F.when(lately, F.col("age"))).alias("article_buyers_age"),
            _mean_piece(F.when(lately, F.col("price"))).alias("article_price"),
            _mean_piece((F.col("sales_channel_id") == ONLINE).cast("int")).alias("article_online_share"),
        )
    )
    repeats = own.groupBy("week", "article").agg(
        F.count("*").cast("int").alias("article_buyers"),
        _mean((F.col("days_bought") > 1).cast("int")).alias("article_repeat_share"),
    )
    return sales.join(repeats, ["week", "article"], "left")


def customer_features(history: DataFrame) -> DataFrame:
    """Give one row per (week, customer): how much, how lately and how dearly they buy."""
    return history.groupBy("week", "customer").agg(
        F.min("age_days").alias("customer_days_since_purchase"),
        pieces().alias("customer_purchases"),
        pieces(F.col("age_days") <= MONTH_DAYS).alias("customer_purchases_28d"),
        F.count_distinct("t_dat").cast("int").alias("customer_shopping_days"),
        F.count_distinct("article").cast("int").alias("customer_articles"),
        _mean_piece(F.col("price")).alias("customer_price"),
        _mean_piece((F.col("sales_channel_id") == ONLINE).cast("int")).alias("customer_online_share"),
    )


def choose_affinities(feature_relevance: pd.DataFrame, features: FeatureParameters) -> list[str]:
    """Choose the attributes whose affinities are looked at: those with the highest lifts."""
    lifts = feature_relevance[feature_relevance["kind"] == "lift"]
    enough = lifts[lifts["value"] >= features.min_lift].sort_values(
        ["value", "article_attribute"], ascending=[False, True]
    )
    return list(enough["article_attribute"].head(features.affinities))


def affinity_features(own: DataFrame, articles: DataFrame, attribute: str) -> DataFrame:
    """Give one row per (week, customer, value of an attribute): the value's share of the customer's purchases.

    Args:
        own: `customer_article_features`.
        articles: primary `articles`.
    """
    of_value = (
        own.join(articles.select("article", attribute).where(F.col(attribute).isNotNull()), "article")
        .groupBy("week", "customer", attribute)
        .agg(F.sum("times_bought").alias("times"))
    )
    totals = of_value.groupBy("week", "customer").agg(F.sum("times").alias("total"))
    share = (F.col("times") / F.col("total")).cast("float").alias(f"affinity_{attribute}")
    return of_value.join(totals, ["week", "customer"]).select("week", "customer", attribute, share)


def join_features(
    candidates: DataFrame,
    history: DataFrame,
    articles: DataFrame,
    customers: DataFrame,
    weeks: Sequence[date],
    affinities: Sequence[str] = (),
) -> DataFrame:
    """Join every family to the candidates.

    Args:
        candidates: one row per (week, customer, article), with the retrievers' scores and ranks.
        history: `history_by_week` of the same weeks.
        articles: primary `articles`.
        customers: primary `customers`.
        weeks: the target weeks.
        affinities: the attributes of `MATCHED` whose affinities are looked at.

    Returns:
        One row per candidate: `week`, `customer`, `article` and `FEATURES`, each float or int.
    """
    own = customer_article_features(history)
    proposed = [F.col(f"{name}_rank").isNotNull().cast("int") for name in RETRIEVERS]
    joined = (
        candidates.where(F.col("week").isin(list(weeks)))
        .join(articles.select("article", *dict.fromkeys(["product", *affinities])), "article")
        .join(own.drop("days_bought"), ["week", "customer", "article"], "left")
        .join(customer_product_features(own, articles), ["week", "customer", "product"], "left")
        .join(article_features(history, own, customers), ["week", "article"], "left")
        .join(customer_features(history), ["week", "customer"], "left")
        .join(customers.select("customer", F.col("age").alias("customer_age")), "customer", "left")
        .withColumn("retrievers", sum(proposed[1:], proposed[0]))
        .withColumn("age_distance", (F.col("customer_age") - F.col("article_buyers_age")).cast("float"))
        .withColumn("price_ratio", _ratio(F.col("article_price"), F.col("customer_price")))
    )
    for attribute in affinities:
        of_value = affinity_features(own, articles, attribute)
        joined = joined.join(of_value, ["week", "customer", attribute], "left")
        # Nothing bought of the value is a share of 0, if anything was bought at all.
        share = F.col(f"affinity_{attribute}")
        bought = (F.col("customer_purchases") > 0) & F.col(attribute).isNotNull()
        joined = joined.withColumn(f"affinity_{attribute}", F.coalesce(share, F.when(bought, 0.0)).cast("float"))
    for attribute in set(MATCHED) - set(affinities):
        joined = joined.withColumn(f"affinity_{attribute}", F.lit(None).cast("float"))
    return joined.select("week", "customer", "article", *FEATURES)


def _mean(values: Column) -> Column:
    """Average in a way that does not depend on the order of the rows (see `tables.exact`)."""
    return F.avg(exact(values)).cast("float")


def _mean_piece(values: Column) -> Column:
    """Average over the pieces bought whose value is known."""
    known = F.when(values.isNotNull(), F.col("quantity"))
    return (F.sum(exact(values) * F.col("quantity")) / F.sum(known)).cast("float")


def _ratio(dividend: Column, divisor: Column) -> Column:
    return F.when(divisor > 0, dividend / divisor).cast("float")
