"""How articles sell before each target week: counted by article and day once, summed up by week.

Everything that is counted of a day depends on that day and earlier ones alone, whether a purchase is a repeat too, so
one count serves all weeks.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.parameters import EvaluationParameters, FeatureParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.histories import target_weeks
from hm_kedro.pipelines.lgbm_ranking.features.article import list_article_features
from hm_kedro.tables import exact, history_by_week

ONLINE = 2
DAILY = ("pieces", "online", "channelled", "priced", "price", "aged", "age", "age_squares", "buyers", "repeats")


def count_days(transactions: DataFrame, customers: DataFrame) -> DataFrame:
    """Count what was sold of each article on each day.

    Returns:
        One row per (article, day with sales), `t_dat`: in pieces, `pieces`, `online`, `channelled` (channel known),
        `priced`, `aged` (of buyers of known age), all int; sums over those pieces, `price`, `age`, `age_squares`,
        double; customers who bought it, `buyers` for the first time ever and `repeats` not, int.
    """
    day = ["article", "t_dat"]
    quantity, known = "quantity", F.col("years").isNotNull()
    counts = {
        "pieces": F.sum(quantity),
        "online": _sum(quantity, F.col("sales_channel_id") == ONLINE),
        "channelled": _sum(quantity, F.col("sales_channel_id").isNotNull()),
        "priced": _sum(quantity, F.col("price").isNotNull()),
        "aged": _sum(quantity, known),
    }
    sums = {
        "price": F.sum(exact(F.col("price")) * F.col(quantity)),
        "age": _sum(quantity, known, F.col("years")),
        "age_squares": _sum(quantity, known, F.col("years") * F.col("years")),
    }
    counted = (
        customers.select("customer", F.col("age").alias("years"))
        .join(transactions, "customer")
        .groupBy(*day)
        .agg(
            *[column.cast("int").alias(name) for name, column in counts.items()],
            *[F.coalesce(column.cast("double"), F.lit(0.0)).alias(name) for name, column in sums.items()],
        )
    )
    # Customers of a day by a group of their own, new ones by their first day: a window over all purchases takes thrice
    # as long. Of a customer's purchases of an article on a day, which may differ by price and channel, one counts.
    of_day = transactions.select("customer", *day).distinct().groupBy(*day).agg(F.count("*").cast("int").alias("all"))
    new = (
        transactions.groupBy("customer", "article")
        .agg(F.min("t_dat").alias("t_dat"))
        .groupBy(*day)
        .agg(F.count("*").cast("int").alias("new"))
    )
    buyers = F.coalesce("new", F.lit(0))
    return (
        counted.join(of_day, day)
        .join(new, day, "left")
        .select(*day, *counts, buyers.alias("buyers"), (F.col("all") - buyers).alias("repeats"), *sums)
    )


def _sum(column: str, where: Column, times: Column | int = 1) -> Column:
    return F.sum(F.when(where, F.col(column) * times).otherwise(0))


def describe_articles(
    article_days: DataFrame,
    articles: DataFrame,
    timeline: dict[str, Any],
    features: FeatureParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Describe how each article sold before each target week.

    Returns:
        One row per (week, article) sold in `features.window_days`: `list_article_features`, floats.
    """
    return describe_weeks(article_days, articles, target_weeks(timeline, evaluation, training), features)


def describe_weeks(
    article_days: DataFrame, articles: DataFrame, weeks: Sequence[date], params: FeatureParameters
) -> DataFrame:
    """Describe articles before some weeks, as `describe_articles` does."""
    age, few, many = F.col("age_days"), *params.sales_days[-2:]
    history = history_by_week(article_days, weeks, params.window_days)
    lately = {name: _sum(name, age <= many) for name in ("priced", "price", "aged", "age", "age_squares")}
    ever = ("pieces", "online", "channelled", "priced", "price", "buyers", "repeats")
    counts = history.groupBy("week", "article").agg(
        *[_sum("pieces", age <= days).alias(f"article_sales_{days}d") for days in params.sales_days],
        *[F.sum(name).alias(name) for name in ever],
        *[column.alias(f"{name}_lately") for name, column in lately.items()],
        (_sum("buyers", age <= few) + _sum("repeats", age <= few)).alias(f"article_buyers_{few}d"),
        _sum("repeats", age <= few).alias(f"article_repeats_{few}d"),
        _sum("buyers", age <= many).alias(f"article_new_buyers_{many}d"),
        F.max("age_days").alias("article_days_on_sale"),
        F.min("age_days").alias("article_days_since_sale"),
    )
    of_product = Window.partitionBy("week", "product")
    placed = (
        articles.select("article", "product")
        .join(counts, "article")
        .withColumn("article_rank", F.rank().over(Window.partitionBy("week").orderBy(F.desc(f"article_sales_{few}d"))))
        .withColumn(
            "product_sales", F.when(F.col("product").isNotNull(), F.sum(f"article_sales_{many}d").over(of_product))
        )
    )
    price = _ratio("price_lately", "priced_lately")
    mean_age = _ratio("age_lately", "aged_lately")
    variance = _ratio("age_squares_lately", "aged_lately") - mean_age * mean_age
    made = {
        "article_sales": F.col("pieces"),
        "article_trend": _ratio(f"article_sales_{few}d", f"article_sales_{many}d") * (many / few),
        "article_price": price,
        "article_price_change": F.when(F.col("price") > 0, price / _ratio("price", "priced")),
        "article_online_share": _ratio("online", "channelled"),
        "article_buyers_age": mean_age,
        "article_buyers_age_spread": F.when(variance.isNotNull(), F.sqrt(F.greatest(variance, F.lit(0.0)))),
        "article_buyers": F.col("buyers"),
        "article_repeats": F.col("repeats"),
        "article_repeat_share": F.col("repeats") / (F.col("buyers") + F.col("repeats")),
        "product_share": _ratio(f"article_sales_{many}d", "product_sales"),
    }
    names = [feature.name for feature in list_article_features(params)]
    return placed.select("week", "article", *[made.get(name, F.col(name)).cast("float").alias(name) for name in names])


def _ratio(dividend: str, divisor: str) -> Column:
    return F.when(F.col(divisor) > 0, F.col(dividend) / F.col(divisor))
