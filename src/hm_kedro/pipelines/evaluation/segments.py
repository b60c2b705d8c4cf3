"""Where models win and lose: kinds of customers, and kinds of what was bought."""

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.parameters import ComparisonParameters, EvaluationParameters, SalesParameters
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.pipelines.als_candidates.sales import age_group
from hm_kedro.pipelines.evaluation.catalogue import Catalogue, gather_catalogues
from hm_kedro.tables import LIST_LENGTH
from hm_kedro.timeline import Timeline

KEYS = ["week", "customer"]
UNKNOWN = "unknown"
NEW = "new: no purchase before"
# By the days since the last purchase and the number of earlier purchases, up to which a level goes.
RECENCY = {"last week": 7, "last month": 28, "last quarter": 91, "last year": 364}
OLDER = "older"
PURCHASES = {"1 to 4": 4, "5 to 19": 19, "20 to 99": 99}
MORE = "100 and more"
ONLINE = 2
CHANNELS = {"store": 0.2, "both": 0.8}
POPULARITY, REPEAT = "popularity", "repeat"
NEVER_SOLD = "not sold lately"
BOUGHT_BEFORE, NOT_BEFORE = "bought before", "never bought before"
# Kinds of customers, kinds of articles, and the order of their levels where it is not that of the alphabet.
CUSTOMER_DIMENSIONS = ("recency", "past_purchases", "age_group", "channel")
ARTICLE_DIMENSIONS = (POPULARITY, REPEAT)
ORDER = (
    *RECENCY,
    OLDER,
    *PURCHASES,
    MORE,
    *CHANNELS,
    "online",
    BOUGHT_BEFORE,
    NOT_BEFORE,
    NEW,
    UNKNOWN,
    NEVER_SOLD,
)


def segment_buyers(purchases: DataFrame, histories: DataFrame, sales: SalesParameters) -> DataFrame:
    """Say of each buyer of the judged weeks what kind of customer they were before the week.

    Returns:
        One row per (week, customer) who bought: `recency`, by the days since the last purchase; `past_purchases`, by
        the pieces bought before; `age_group`; `channel`, where they bought most. Purchases of `retrieval.history_days`
        count.
    """
    buyers = purchases.select(*KEYS).distinct()
    last = F.array_min(F.transform("lines", lambda line: line["age_days"]))
    pieces = F.aggregate("lines", F.lit(0), lambda sum_, line: sum_ + line["quantity"])
    channelled = F.filter("lines", lambda line: line["sales_channel_id"].isNotNull())
    online = F.filter(channelled, lambda line: line["sales_channel_id"] == ONLINE)
    share = F.when(F.size(channelled) > 0, F.size(online) / F.size(channelled))
    return histories.join(buyers, KEYS, "semi").select(
        *KEYS,
        _level(last, RECENCY, OLDER, NEW).alias("recency"),
        _level(F.when(F.size("lines") > 0, pieces), PURCHASES, MORE, NEW).alias("past_purchases"),
        _age_level(sales).alias("age_group"),
        F.when(F.size("lines") == 0, NEW).otherwise(_level(share, CHANNELS, "online", UNKNOWN)).alias("channel"),
    )


def _level(value: Column, levels: dict[str, Any], beyond: str, missing: str) -> Column:
    level = F.when(value.isNull(), missing)
    for name, until in levels.items():
        level = level.when(value <= until, name)
    return level.otherwise(beyond)


def _age_level(sales: SalesParameters) -> Column:
    edges = [None, *sales.age_edges, None]
    group, level = age_group(sales), F.when(age_group(sales) == UNKNOWN_AGE, UNKNOWN)
    for place, (first, end) in enumerate(pairwise(edges)):
        name = f"{first or 0} to {end - 1}" if end else f"{first} and older"
        level = level.when(group == place, f"under {end}" if first is None else name)
    return level.otherwise(UNKNOWN)


def count_hits_by_article(
    purchases: DataFrame,
    contestant_lists: DataFrame,
    histories: DataFrame,
    articles: DataFrame,
    article_sales: DataFrame,
    timeline: dict[str, Any],
    comparison: ComparisonParameters,
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Count what each contestant found of what was bought, by kinds of articles.

    Returns:
        One row per (contestant, week, customer, kind, level): `bought` int articles of the level, `hits` int of them.
        `kind` POPULARITY by `Catalogue.decile`, REPEAT by whether the customer had bought the article before.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    deciles = _list_deciles(gather_catalogues(weeks, articles, article_sales, comparison))
    # Of no rows engines don't know the columns.
    nothing = engine.session().createDataFrame([], "week date, article int, decile int")
    placed = engine.from_arrow(deciles) if deciles.num_rows else nothing
    past = histories.select(
        *KEYS, F.explode(F.array_distinct(F.transform("lines", lambda line: line["article"]))).alias("article")
    ).withColumn("before", F.lit(1))
    keys = [*KEYS, "article"]
    bought = purchases.select(*keys).join(placed, ["week", "article"], "left").join(past, keys, "left")
    tenth = F.concat(F.lit("tenth "), F.lpad(F.col("decile").cast("string"), 2, "0"))
    levels = {
        POPULARITY: F.coalesce(tenth, F.lit(NEVER_SOLD)),
        REPEAT: F.when(F.col("before").isNull(), NOT_BEFORE).otherwise(BOUGHT_BEFORE),
    }
    by_kind = [bought.select(*keys, F.lit(kind).alias("kind"), level.alias("level")) for kind, level in levels.items()]
    kinds = by_kind[0].unionByName(by_kind[1])
    contestants = contestant_lists.select("contestant", "week").distinct()
    listed = (
        contestant_lists.where(F.col("rank") <= LIST_LENGTH).select("contestant", *keys).withColumn("hit", F.lit(1))
    )
    asked = kinds.join(contestants, "week").join(listed, ["contestant", *keys], "left")
    return asked.groupBy("contestant", *KEYS, "kind", "level").agg(
        F.count("*").cast("int").alias("bought"), F.count("hit").cast("int").alias("hits")
    )


def _list_deciles(catalogues: dict[date, Catalogue]) -> pa.Table:
    """List the articles sold lately: `week`, `article`, `decile`."""
    schema = pa.schema([("week", pa.date32()), ("article", pa.int32()), ("decile", pa.int32())])
    tables = [schema.empty_table()]
    for week, catalogue in catalogues.items():
        sold = np.flatnonzero(catalogue.sold)
        tables.append(pa.table([pa.repeat(week, len(sold)), sold, catalogue.decile[sold]], schema.names).cast(schema))
    return pa.concat_tables(tables)
