"""The work of evaluation: the truth, the scores of every contestant's lists, and their means."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.parameters import ComparisonParameters, EvaluationParameters
from hm_kedro.pipelines.evaluation.catalogue import Catalogue, gather_catalogues, share_catalogues
from hm_kedro.pipelines.evaluation.contestants import CONTESTANTS
from hm_kedro.pipelines.evaluation.honesty import Check
from hm_kedro.pipelines.evaluation.metrics import MEANS, Doubles, score_lists
from hm_kedro.tables import LIST_LENGTH, exact, transactions_in_weeks
from hm_kedro.timeline import Timeline


def collect_purchases(
    transactions: DataFrame,
    later_transactions: DataFrame,
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Collect what was bought in the judged weeks: the truth.

    Returns:
        One row per (week, customer, article): `spent` double, the price paid for all pieces of it, null where no price
        is known.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    bought = transactions_in_weeks(transactions.unionByName(later_transactions), weeks)
    paid = F.sum(exact(F.col("price")) * F.col("quantity"))
    return bought.groupBy("week", "customer", "article").agg(paid.alias("spent"))


def score_customers(
    purchases: DataFrame,
    contestant_lists: DataFrame,
    histories: DataFrame,
    articles: DataFrame,
    article_sales: DataFrame,
    timeline: dict[str, Any],
    comparison: ComparisonParameters,
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Score every contestant's list of every buyer (see `metrics.score_lists`).

    Lists from outside are judged in the weeks that they are for, all others in each.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    catalogues = share_catalogues(gather_catalogues(weeks, articles, article_sales, comparison))
    judged = contestant_lists.select("week", "contestant").distinct().toArrow().to_pylist()
    contestants = {}
    for week, days in zip(weeks, catalogues, strict=True):
        outside = {row["contestant"] for row in judged if row["week"] == week} - set(CONTESTANTS)
        contestants[days] = [*CONTESTANTS, *sorted(outside)]
    return score_lists(purchases, contestant_lists, histories, contestants, catalogues)


def measure_exposure(
    contestant_lists: DataFrame,
    articles: DataFrame,
    article_sales: DataFrame,
    timeline: dict[str, Any],
    comparison: ComparisonParameters,
    evaluation: EvaluationParameters,
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure how each contestant's lists of a week, taken together, spread over the articles.

    Returns:
        By contestant and week, over the articles sold in the last `sales.trend_days` and those listed: `coverage`, the
        share of them that is on a list; `gini` of the number of lists that each is on, 0 where all are on as many.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    catalogues = gather_catalogues(weeks, articles, article_sales, comparison)
    counted = contestant_lists.where(F.col("rank") <= LIST_LENGTH).groupBy("contestant", "week", "article").count()
    exposure: dict[str, dict[str, dict[str, float]]] = {}
    shown = counted.toArrow().to_pandas()
    for (contestant, week), rows in shown.groupby(["contestant", "week"], sort=True):
        lists = np.zeros(len(catalogues[week]))
        lists[rows["article"].to_numpy()] = rows["count"].to_numpy()
        exposure.setdefault(contestant, {})[str(week)] = spread(lists, catalogues[week])
    return exposure


def spread(lists: Doubles, catalogue: Catalogue) -> dict[str, float]:
    """Give coverage and Gini of a contestant's lists.

    Args:
        lists: by article, the number of lists that it is on.
    """
    counts = np.sort(lists[catalogue.sold | (lists > 0)])
    places = np.arange(1, len(counts) + 1)
    gini = 2 * (places @ counts) / (len(counts) * counts.sum()) - (len(counts) + 1) / len(counts)
    return {"coverage": float((counts > 0).mean()), "gini": float(gini)}


def summarise_metrics(
    per_customer_scores: DataFrame,
    exposure: dict[str, dict[str, dict[str, float]]],
    honesty_checks: list[Check],
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
) -> dict[str, Any]:
    """Average the scores by contestant and week.

    Args:
        honesty_checks: those that held; without them there are no metrics.

    Returns:
        `weeks` (judged, newest first), `buyers` a week, `honesty_checks`, how many held, and `contestants`, in the
        order of CONTESTANTS, then those from outside: for each the means over all its buyers' scores of each week, and
        of `exposure`, averaged over its weeks, and `by_week`; a measure without a value is left out.
    """
    weeks = [str(week) for week in Timeline.read(timeline).judged_weeks(evaluation.weeks)]
    means = per_customer_scores.groupBy("contestant", "week").agg(
        *[F.avg(name).alias(mean) for name, mean in MEANS.items()], F.count("*").alias("buyers")
    )
    rows = sorted(means.toArrow().to_pylist(), key=lambda row: row["week"], reverse=True)
    by_week: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        of_lists = exposure.get(row["contestant"], {}).get(str(row["week"]), {})
        known = {name: row[name] for name in MEANS.values() if row[name] is not None}
        by_week.setdefault(row["contestant"], {})[str(row["week"])] = known | of_lists
    names = [name for name in CONTESTANTS if name in by_week]
    names += sorted(set(by_week) - set(names))
    return {
        "weeks": weeks,
        "buyers": {_day(row["week"]): row["buyers"] for row in rows},
        "honesty_checks": len(honesty_checks),
        "contestants": {name: _averages(by_week[name].values()) | {"by_week": by_week[name]} for name in names},
    }


def _day(week: date) -> str:
    return str(week)


def _averages(weeks: Iterable[dict[str, float]]) -> dict[str, float]:
    """Average each measure over the weeks that have it."""
    values: dict[str, list[float]] = {}
    for week in weeks:
        for name, value in week.items():
            values.setdefault(name, []).append(value)
    return {name: sum(of) / len(of) for name, of in values.items()}
