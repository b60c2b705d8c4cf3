"""How articles sell before each target week: the counts behind every list of bestsellers."""

from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.parameters import EvaluationParameters, SalesParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.histories import target_weeks
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.tables import each_of, history_by_week, pieces

# So many bestsellers of a week are kept for filling lists of twelve.
FILLING = 50


def count_sales(
    transactions: DataFrame,
    customers: DataFrame,
    timeline: dict[str, Any],
    sales: SalesParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Count what each age group bought in the last days before each target week.

    Returns:
        One row per (week, article, age group) with sales: `age_group` int from 0, UNKNOWN_AGE; in pieces, `lately` of
        the last `window_days`, `before` of the days before those in `trend_days`, `first` of those in `trend_days` that
        were bought on their customer's first day.
    """
    history = history_by_week(transactions, target_weeks(timeline, evaluation, training), sales.trend_days)
    # The first day ever is that of no later purchase: it tells nothing of what follows it.
    first_days = transactions.groupBy("customer").agg(F.min("t_dat").alias("first_day"))
    buyers = customers.select("customer", age_group(sales).alias("age_group")).join(first_days, "customer")
    lately = F.col("age_days") <= sales.window_days
    return (
        buyers.join(history, "customer")
        .groupBy("week", "article", "age_group")
        .agg(
            pieces(lately).alias("lately"),
            pieces(~lately).alias("before"),
            pieces(F.col("t_dat") == F.col("first_day")).alias("first"),
        )
    )


def age_group(sales: SalesParameters) -> Column:
    """Give the age group of a customer's `age`, UNKNOWN_AGE of none."""
    passed = [F.when(F.col("age") >= edge, 1).otherwise(0) for edge in sales.age_edges]
    return F.when(F.col("age").isNull(), UNKNOWN_AGE).otherwise(sum(passed, F.lit(0))).cast("int")


def rank_bestsellers(
    transactions: DataFrame,
    articles: DataFrame,
    timeline: dict[str, Any],
    sales: SalesParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Rank articles by their sales in the last days, then in four times as many, then ever, then by number.

    The later criteria fill the list where few articles were sold lately, and at last with articles never
    sold, so that every week has FILLING of them (or all articles there are).

    Returns:
        One row per (week, article): `score` float, the sales of the window; `rank` int from 1.
    """
    weeks = target_weeks(timeline, evaluation, training)
    history = history_by_week(transactions, weeks)
    counts = history.groupBy("week", "article").agg(
        pieces(F.col("age_days") <= sales.window_days).alias("lately"),
        pieces(F.col("age_days") <= 4 * sales.window_days).alias("before_that"),
        pieces().alias("ever"),
    )
    every = articles.select("article", each_of(weeks).alias("week"))
    counted = every.join(counts, ["week", "article"], "left").na.fill(0, ["lately", "before_that", "ever"])
    best_first = Window.partitionBy("week").orderBy(
        F.desc("lately"), F.desc("before_that"), F.desc("ever"), F.asc("article")
    )
    ranked = counted.withColumn("rank", F.row_number().over(best_first).cast("int")).where(F.col("rank") <= FILLING)
    return ranked.select("week", "article", F.col("lately").cast("float").alias("score"), "rank")
