"""Filling lists of fewer than twelve with what sells, to the customer's age group if that is known."""

from collections.abc import Callable
from datetime import date

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.parameters import SalesParameters
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.pipelines.als_candidates.sales import age_group
from hm_kedro.pipelines.lgbm_ranking.shop import Shop
from hm_kedro.tables import LIST_LENGTH

FILLED_BY = "age_bestsellers", "bestsellers"
# Twelve of which none needs to be in a list of eleven already.
ENOUGH = 2 * LIST_LENGTH


def list_fillings(shops: dict[date, Callable[[], Shop]], bestsellers: DataFrame) -> DataFrame:
    """List what lists are filled with.

    Returns:
        One row per (week, age group), UNKNOWN_AGE too: `fill`, an array of (`article`, `filled_by`): the group's
        bestsellers, then those of all.
    """
    best = bestsellers.where(F.col("rank") <= ENOUGH).select("week", "article", "rank").toArrow().to_pandas()
    rows = []
    for week, shop in shops.items():
        everyone = best[best["week"] == week].sort_values("rank")["article"].tolist()
        for group in range(UNKNOWN_AGE, len(shop().knowledge.age_edges) + 1):
            own = _bestsellers(shop(), group) if group != UNKNOWN_AGE else []
            others = [article for article in everyone if article not in own]
            fill = [(article, FILLED_BY[0]) for article in own] + [(article, FILLED_BY[1]) for article in others]
            rows.append((week, group, fill))
    schema = "week date, age_group int, fill array<struct<article:int,filled_by:string>>"
    return engine.session().createDataFrame(rows, schema)


def _bestsellers(shop: Shop, group: int) -> list[int]:
    sales = shop.knowledge.sales
    of_group = (sales.groups == group) & (sales.lately > 0)
    articles, sold = sales.articles[of_group], sales.lately[of_group]
    return [int(article) for article in articles[np.lexsort((articles, -sold))][:ENOUGH]]


def fill_lists(scored: DataFrame, histories: DataFrame, fillings: DataFrame, sales: SalesParameters) -> DataFrame:
    """Make lists of twelve of scored candidates.

    Args:
        scored: one row per (week, customer, article) with `score`.
        histories: whom lists are made for, one row per (week, customer), with `age`; not all need be in `scored`.
        fillings: see `list_fillings`.

    Returns:
        See `nodes.recommend`.
    """
    best_first = F.array_sort(F.collect_list(F.struct((-F.col("score")).alias("order"), "article")))
    best = scored.groupBy("week", "customer").agg(F.slice(best_first, 1, LIST_LENGTH).alias("best"))
    served = histories.select("week", "customer", age_group(sales).alias("age_group"))
    # The smaller table on the left, of which one of the engines makes a table in memory.
    listed = fillings.join(best.join(served, ["week", "customer"], "right"), ["week", "age_group"])
    own = F.coalesce(
        F.transform("best", lambda place: _place(place["article"], -place["order"], F.lit(None))),
        F.array().cast("array<struct<article:int,score:float,filled_by:string>>"),
    )
    mine = F.transform(own, lambda place: place["article"])
    others = F.filter("fill", lambda place: ~F.array_contains(mine, place["article"]))
    filled = F.transform(others, lambda place: _place(place["article"], F.lit(None), place["filled_by"]))
    twelve = F.slice(F.concat(own, filled), 1, LIST_LENGTH)
    placed = listed.select("week", "customer", F.posexplode(twelve).alias("position", "entry"))
    return placed.select(
        "week",
        "customer",
        F.col("entry.article").alias("article"),
        (F.col("position") + 1).cast("int").alias("rank"),
        F.col("entry.score").alias("score"),
        F.col("entry.filled_by").alias("filled_by"),
    )


def _place(article: Column, score: Column, filled_by: Column) -> Column:
    return F.struct(
        article.alias("article"), score.cast("float").alias("score"), filled_by.cast("string").alias("filled_by")
    )
