"""Metrics per customer, so that means, intervals and segments come from one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from hm_kedro.tables import LIST_LENGTH

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def score_lists(purchases: DataFrame, lists: DataFrame) -> DataFrame:
    """Score every contestant's list of each buyer of each judged week.

    AP@12 is Kaggle's: the mean over min(articles bought, 12) of the precision at each hit
    (https://www.kaggle.com/c/h-and-m-personalized-fashion-recommendations/overview/evaluation).

    Args:
        purchases: one row per (week, customer, article) bought in the week.
        lists: one row per (contestant, week, customer, article) with `rank` from 1; those past 12 don't count.

    Returns:
        One row per (contestant, week, customer) for every buyer, with a list or without: `bought` int,
        `hits` int, `ap12` and `recall12` double.
    """
    buyers = purchases.groupBy("week", "customer").agg(F.count("*").cast("int").alias("bought"))
    contestants = lists.select("contestant").distinct()
    hits = lists.where(F.col("rank") <= LIST_LENGTH).join(purchases, ["week", "customer", "article"])
    found = Window.partitionBy("contestant", "week", "customer").orderBy("rank")
    precision = hits.withColumn("precision", F.row_number().over(found) / F.col("rank"))
    sums = precision.groupBy("contestant", "week", "customer").agg(
        F.sum("precision").alias("precisions"), F.count("*").cast("int").alias("hits")
    )
    scored = buyers.crossJoin(contestants).join(sums, ["contestant", "week", "customer"], "left")
    return scored.na.fill(0, ["precisions", "hits"]).select(
        "contestant",
        "week",
        "customer",
        "bought",
        "hits",
        (F.col("precisions") / F.least(F.col("bought"), F.lit(LIST_LENGTH))).alias("ap12"),
        (F.col("hits") / F.col("bought")).alias("recall12"),
    )
