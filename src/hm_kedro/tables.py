"""What the pipelines share about DataFrames: history before a week, decay, and the best per customer.

Everything here means the same on every engine. Sums of fractions depend on the order of their terms,
which no engine promises, so fractions are rounded to multiples of 2^-30 first (`exact`): sums of such
numbers below 2^23 are exact in a double, in any order.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.timeline import newest_days

FRACTION = 2**30
LIST_LENGTH = 12
WEEK_DAYS = 7


def each_of(weeks: Sequence[date]) -> Column:
    """Repeat a row for each of the weeks; no rows for no weeks."""
    return F.explode(F.array(*[F.lit(week) for week in sorted(weeks)]).cast("array<date>"))


def history_by_week(transactions: DataFrame, weeks: Sequence[date], window_days: int | None = None) -> DataFrame:
    """Give each target week its history: only transactions before its first day.

    This is the one way by which purchases reach a retriever, a solver or a feature.

    Args:
        transactions: primary `transactions`, with `t_dat`.
        weeks: first days of the target weeks.
        window_days: days of history that are kept, back from the week; None for all.

    Returns:
        A row per (week, earlier transaction): the transaction's columns, `week` date, and `age_days`
        int, the days from the purchase to the week, from 1.
    """
    # Engines disagree about the width of a count of days.
    age_days = F.datediff("week", "t_dat").cast("int")
    if weeks:
        # Said of the stored column, so that files of other days are not read.
        first = None if window_days is None else min(weeks) - timedelta(days=window_days)
        transactions = _between(transactions, first, max(weeks))
    aged = transactions.withColumn("week", each_of(weeks)).withColumn("age_days", age_days)
    history = aged.where(F.col("t_dat") < F.col("week"))
    return history if window_days is None else history.where(F.col("age_days") <= window_days)


def newest_purchases(transactions: DataFrame, weeks: Sequence[date], window_days: int, max_purchases: int) -> DataFrame:
    """Give each target week the newest days of its history, as many as hold no more than a number of transactions.

    Args:
        max_purchases: bounds the transactions of a week; its last day before the week is kept in any case.

    Returns:
        As `history_by_week`.
    """
    counts = {row["t_dat"]: row["count"] for row in transactions.groupBy("t_dat").count().toLocalIterator()}
    days = {week: newest_days(max_purchases, counts, week, window_days) for week in weeks}
    history = history_by_week(transactions, weeks, max(days.values(), default=window_days))
    if len(set(days.values())) <= 1:
        return history
    kept = [(F.col("week") == F.lit(week)) & (F.col("age_days") <= window) for week, window in days.items()]
    return history.where(reduce(or_, kept))


def history_of_customers(
    targets: DataFrame, transactions: DataFrame, weeks: Sequence[date], window_days: int
) -> DataFrame:
    """Give each target customer of a week their own history, and one row without a purchase where there is none.

    Args:
        targets: one row per (week, customer), of the weeks, with further columns or none.
        transactions: primary `transactions`.
        weeks: first days of the target weeks.
        window_days: days of history that are kept, back from the week.

    Returns:
        A row per (target, earlier transaction of the customer): `article`, `quantity`, `price`, `sales_channel_id`,
        `age_days` as `history_by_week` has them, missing where there is none, and the target's columns.
    """
    if weeks:
        transactions = _between(transactions, min(weeks) - timedelta(days=window_days), max(weeks))
    columns = ("article", "quantity", "price", "sales_channel_id", "t_dat")
    bought = transactions.select(F.col("customer").alias("buyer"), *columns)
    age_days = F.datediff("week", "t_dat").cast("int")
    of_customer = (F.col("customer") == F.col("buyer")) & (F.col("t_dat") < F.col("week")) & (age_days <= window_days)
    # The smaller table on the left, of which one of the engines makes a table in memory.
    joined = targets.join(bought, of_customer, "left")
    return joined.withColumn("age_days", age_days).drop("buyer", "t_dat")


def _between(transactions: DataFrame, first: date | None, end: date) -> DataFrame:
    """Keep the transactions from a day on, or all, and before another."""
    earlier = transactions.where(F.col("t_dat") < F.lit(end))
    return earlier if first is None else earlier.where(F.col("t_dat") >= F.lit(first))


def pieces(condition: Column | None = None) -> Column:
    """Count the pieces bought, or those of them for which a condition holds."""
    quantity = F.col("quantity") if condition is None else F.when(condition, F.col("quantity")).otherwise(0)
    return F.sum(quantity).cast("int")


def transactions_in_weeks(transactions: DataFrame, weeks: Sequence[date]) -> DataFrame:
    """Give the transactions of the target weeks: what is to be predicted, never what predicts.

    Returns:
        The transactions of the seven days from each `week` on, with that column.
    """
    if weeks:
        transactions = _between(transactions, min(weeks), max(weeks) + timedelta(days=WEEK_DAYS))
    ahead = transactions.withColumn("week", each_of(weeks)).withColumn("day", F.datediff("t_dat", "week"))
    return ahead.where((F.col("day") >= 0) & (F.col("day") < WEEK_DAYS)).drop("day")


def purchases_in_weeks(transactions: DataFrame, weeks: Sequence[date]) -> DataFrame:
    """Give what was bought in the target weeks: what is to be predicted, never what predicts.

    Returns:
        One row per (week, customer, article) bought in the seven days from `week` on.
    """
    return transactions_in_weeks(transactions, weeks).select("week", "customer", "article").distinct()


def exact(fraction: Column) -> Column:
    """Round to a multiple of 2^-30, so that sums do not depend on the order of their terms."""
    return F.round(fraction.cast("double") * F.lit(float(FRACTION))) / F.lit(float(FRACTION))


def half_life_decay(age_days: str, half_life_days: float) -> Column:
    """Weigh a purchase by 2^(-age / half-life)."""
    return exact(F.pow(F.lit(2.0), -F.col(age_days) / F.lit(float(half_life_days))))


def power_decay(age_days: str, power: float) -> Column:
    """Weigh a purchase by 1 / age^power, so that the last day counts 1."""
    return exact(F.pow(F.col(age_days).cast("double"), F.lit(-float(power))))


def top_per_customer(scored: DataFrame, top: int) -> DataFrame:
    """Keep each customer's best articles of each week.

    Args:
        scored: one row per (week, customer, article) with `score`.
        top: how many are kept.

    Returns:
        The rows kept, `rank` int from 1 by falling score; ties by article.
    """
    best_first = Window.partitionBy("week", "customer").orderBy(F.desc("score"), F.asc("article"))
    ranked = scored.withColumn("rank", F.row_number().over(best_first).cast("int"))
    return ranked.where(F.col("rank") <= top)
