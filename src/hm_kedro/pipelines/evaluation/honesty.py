"""What every run checks of its own comparison, on the data: who fails it gets no scores."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import EvaluationParameters, FeatureParameters, RetrievalParameters, SalesParameters
from hm_kedro.pipelines.evaluation.contestants import CONTESTANTS, UNFILLED
from hm_kedro.tables import LIST_LENGTH, WEEK_DAYS
from hm_kedro.timeline import Timeline

Check = dict[str, Any]


def check_honesty(
    contestant_lists: DataFrame,
    purchases: DataFrame,
    transactions: DataFrame,
    articles: DataFrame,
    histories: DataFrame,
    interactions: DataFrame,
    article_sales: DataFrame,
    article_features: DataFrame,
    training_examples: DataFrame,
    timeline: dict[str, Any],
    retrieval: RetrievalParameters,
    sales: SalesParameters,
    features: FeatureParameters,
    evaluation: EvaluationParameters,
) -> list[Check]:
    """Check the lists, and that what the models saw of each judged week ends before it.

    What models saw is counted anew from `transactions`, by days written out here and not by the functions that made it:
    a purchase of the week or later that reached a model is one piece too many.

    Returns:
        A row a check: `check`, `found`, `expected`, each a number; all hold.

    Raises:
        HmKedroError: one does not.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    checks = [
        *_check_lists(contestant_lists, purchases, articles),
        *_check_ages(histories, interactions, weeks),
        *_check_histories(histories, purchases, transactions, retrieval.history_days, weeks),
        *_check_counts(article_sales, article_features, transactions, sales, features, weeks),
        _check_positives(training_examples, transactions),
    ]
    failed = [check for check in checks if check["found"] != check["expected"]]
    if failed:
        first = failed[0]
        raise HmKedroError(
            f"this comparison would not be honest: {first['check']}: {first['found']} instead of {first['expected']}; "
            "nothing was scored"
        )
    return checks


def _said(check: str, found: Any, expected: Any) -> Check:
    return {"check": check, "found": int(found or 0), "expected": int(expected or 0)}


def _check_lists(contestant_lists: DataFrame, purchases: DataFrame, articles: DataFrame) -> list[Check]:
    keys = ["contestant", "week", "customer"]
    known = articles.select("article", F.lit(1).alias("known"))
    lists = contestant_lists.join(F.broadcast(known), "article", "left").groupBy(*keys)
    found = lists.agg(
        F.count("*").alias("places"),
        F.count_distinct("article").alias("articles"),
        F.count_distinct("rank").alias("ranks"),
        F.min("rank").alias("first"),
        F.max("rank").alias("last"),
        F.count("known").alias("known"),
    )
    faults = {
        "lists of more than twelve articles, or with places beyond them": (F.col("places") > LIST_LENGTH)
        | (F.col("last") > LIST_LENGTH)
        | (F.col("first") < 1),
        "lists that name an article twice": F.col("places") != F.col("articles"),
        "lists with two articles in one place": F.col("places") != F.col("ranks"),
        "lists with an article that is not in the catalogue": F.col("places") != F.col("known"),
    }
    columns = [
        F.sum(F.when(fault, 1).otherwise(0)).alias(f"fault_{place}") for place, fault in enumerate(faults.values())
    ]
    by_contestant = found.groupBy("contestant").agg(
        *columns,
        F.count("*").alias("lists"),
        F.sum(F.when(F.col("places") == LIST_LENGTH, 1).otherwise(0)).alias("full"),
    )
    rows = {row["contestant"]: row.asDict() for row in by_contestant.toLocalIterator()}
    buyers = purchases.select("week", "customer").distinct().count()
    checks = [_said(name, sum(row[f"fault_{place}"] for row in rows.values()), 0) for place, name in enumerate(faults)]
    filled = [name for name in CONTESTANTS if name not in UNFILLED]
    lists_of = {name: rows.get(name, {"lists": 0})["lists"] for name in filled}
    return [*checks, *[_said(f"buyers with a list of {name}", count, buyers) for name, count in lists_of.items()]]


def _check_ages(histories: DataFrame, interactions: DataFrame, weeks: Sequence[date]) -> list[Check]:
    """Check that no purchase is younger than a day before its week."""
    ages = histories.where(F.col("week").isin(list(weeks))).select(
        F.array_min(F.transform("lines", lambda line: line["age_days"])).alias("age_days")
    )
    return [
        _said("histories with a purchase of their week or later", _count_late(ages), 0),
        _said("ALS interactions of their week or later", _count_late(interactions), 0),
    ]


def _count_late(ages: DataFrame) -> int:
    counted = ages.agg(F.sum(F.when(F.col("age_days") < 1, 1).otherwise(0)).alias("late"))
    return int(next(counted.toLocalIterator())["late"] or 0)


def _check_histories(
    histories: DataFrame, purchases: DataFrame, transactions: DataFrame, days: int, weeks: Sequence[date]
) -> list[Check]:
    """Check that the buyers' histories have the pieces that they had bought before the week, and no more."""
    buyers = purchases.select("week", "customer").distinct()
    pieces = F.aggregate("lines", F.lit(0), lambda total, line: total + line["quantity"])
    held = histories.join(buyers, ["week", "customer"], "semi").select("week", pieces.alias("pieces"))
    found = _sums(held.groupBy("week").agg(F.sum("pieces").alias("pieces")))
    bought = buyers.join(transactions.select("customer", "t_dat", "quantity"), "customer")
    first = F.date_sub("week", days)
    earlier = bought.where((F.col("t_dat") < F.col("week")) & (F.col("t_dat") >= first))
    expected = _sums(earlier.groupBy("week").agg(F.sum("quantity").alias("pieces")))
    name = "pieces in the buyers' histories, week of"
    return [_said(f"{name} {week}", found.get(week), expected.get(week)) for week in weeks]


def _check_counts(
    article_sales: DataFrame,
    article_features: DataFrame,
    transactions: DataFrame,
    sales: SalesParameters,
    features: FeatureParameters,
    weeks: Sequence[date],
) -> list[Check]:
    """Check that what is counted of articles is what was sold in the days before the week."""
    daily = {row["t_dat"]: row["pieces"] for row in _daily(transactions).toLocalIterator()}
    longest = features.sales_days[-1]
    counted = {
        "pieces in article_sales": (
            article_sales.groupBy("week").agg(F.sum(F.col("lately") + F.col("before")).alias("pieces")),
            sales.trend_days,
        ),
        "pieces in article_features": (
            article_features.groupBy("week").agg(
                F.sum(F.col(f"article_sales_{longest}d").cast("long")).alias("pieces")
            ),
            longest,
        ),
    }
    checks = []
    for name, (table, days) in counted.items():
        found = _sums(table)
        for week in weeks:
            sold = sum(daily.get(week - timedelta(days=age), 0) for age in range(1, days + 1))
            checks.append(_said(f"{name}, week of {week}", found.get(week), sold))
    return checks


def _daily(transactions: DataFrame) -> DataFrame:
    return transactions.groupBy("t_dat").agg(F.sum("quantity").alias("pieces"))


def _sums(table: DataFrame) -> dict[date, int]:
    return {row["week"]: row["pieces"] for row in table.toLocalIterator()}


def _check_positives(training_examples: DataFrame, transactions: DataFrame) -> Check:
    """Check that what rankers learned as bought was bought in the week before which it was described."""
    bought = training_examples.where(F.col("bought") == 1).select("week", "customer", "article")
    days = F.datediff("t_dat", "week")
    lines = transactions.select("customer", "article", "t_dat")
    in_week = bought.join(lines, ["customer", "article"]).where((days >= 0) & (days < WEEK_DAYS))
    found = in_week.select("week", "customer", "article").distinct().count()
    return _said("examples learned as bought that were bought in their week", found, bought.count())
