"""The work of evaluation: the truth, the contestants' lists, their scores."""

from statistics import fmean
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.parameters import EvaluationParameters, RetrievalParameters
from hm_kedro.pipelines.evaluation.metrics import score_lists
from hm_kedro.tables import LIST_LENGTH, purchases_in_weeks, top_per_customer
from hm_kedro.timeline import Timeline


def collect_purchases(
    transactions: DataFrame,
    later_transactions: DataFrame,
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Collect what was bought in the judged weeks: the truth.

    Returns:
        One row per (week, customer, article).
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    return purchases_in_weeks(transactions.unionByName(later_transactions), weeks)


def line_up_contestants(
    purchases: DataFrame,
    bestsellers: DataFrame,
    candidates: DataFrame,
    recommendations: DataFrame,
    retrieval: RetrievalParameters,
) -> DataFrame:
    """Line up the lists that are compared, for the buyers of the judged weeks.

    `bestsellers`: the week's twelve; `heuristics`: the blend of all retrievers but ALS; `als`: ALS alone;
    `als_filled`: ALS, then bestsellers; `ranker`: LightGBM over all candidates.

    Returns:
        One row per (contestant, week, customer, article): `rank` int from 1, up to 12.
    """
    buyers = purchases.select("week", "customer").distinct()
    keys = ["week", "customer"]
    columns = ["contestant", "week", "customer", "article", "rank"]
    twelve = bestsellers.where(F.col("rank") <= 2 * LIST_LENGTH).select("week", "article", "rank")
    popular = buyers.join(F.broadcast(twelve), "week")
    als = candidates.join(buyers, keys, "semi").select(*keys, "article", F.col("als_rank").alias("rank"))
    als = als.where(F.col("rank") <= LIST_LENGTH)
    others = [name for name in retrieval.retrievers if name != "als"]
    scores = [F.coalesce(F.col(f"{name}_score").cast("double"), F.lit(0.0)) for name in others]
    weighed = [score * F.lit(float(retrieval.of(name).weight)) for name, score in zip(others, scores, strict=True)]
    proposed = F.coalesce(*[F.col(f"{name}_rank") for name in others]).isNotNull()
    blended = candidates.join(buyers, keys, "semi").where(proposed).withColumn("score", sum(weighed[1:], weighed[0]))
    heuristics = top_per_customer(blended, LIST_LENGTH).select(*keys, "article", "rank")
    ranked = recommendations.join(buyers, keys, "semi").select(*keys, "article", "rank")
    lists = {
        "bestsellers": popular,
        "heuristics": fill(heuristics, popular),
        "als": als,
        "als_filled": fill(als, popular),
        "ranker": ranked,
    }
    named = [table.withColumn("contestant", F.lit(name)).select(*columns) for name, table in lists.items()]
    together = named[0]
    for table in named[1:]:
        together = together.unionByName(table)
    return together.where(F.col("rank") <= LIST_LENGTH)


def fill(lists: DataFrame, filling: DataFrame) -> DataFrame:
    """Append to each customer's list what the filling has and the list has not, in the filling's order.

    Args:
        lists: one row per (week, customer, article) with `rank`, up to 12 of them.
        filling: the same, with enough rows to fill twelve places.

    Returns:
        The same, `rank` from 1 without gaps.
    """
    after = filling.select("week", "customer", "article", (F.col("rank") + LIST_LENGTH).alias("rank"))
    both = lists.select("week", "customer", "article", "rank").unionByName(after)
    first = both.groupBy("week", "customer", "article").agg(F.min("rank").alias("place"))
    places = F.array_sort(F.collect_list(F.struct("place", "article")))
    gathered = first.groupBy("week", "customer").agg(places.alias("places"))
    spread = gathered.select("week", "customer", F.posexplode("places").alias("position", "entry"))
    return spread.select("week", "customer", "entry.article", (F.col("position") + 1).cast("int").alias("rank"))


def score_customers(purchases: DataFrame, contestant_lists: DataFrame) -> DataFrame:
    """Score every contestant's list of every buyer (see `metrics.score_lists`)."""
    return score_lists(purchases, contestant_lists)


def summarise_metrics(
    per_customer_scores: DataFrame, timeline: dict[str, Any], evaluation: EvaluationParameters
) -> dict[str, Any]:
    """Average the scores by contestant and week.

    Returns:
        `weeks` (judged, newest first), `buyers` a week, and `contestants`: for each, `map12` and `recall12`
        over all buyers' scores of each week, averaged over the weeks, and `by_week`.
    """
    weeks = [str(week) for week in Timeline.read(timeline).judged_weeks(evaluation.weeks)]
    means = per_customer_scores.groupBy("contestant", "week").agg(
        F.avg("ap12").alias("map12"), F.avg("recall12").alias("recall12"), F.count("*").alias("buyers")
    )
    buyers: dict[str, int] = {}
    by_week: dict[str, dict[str, dict[str, float]]] = {}
    for row in means.orderBy("contestant", F.desc("week")).toLocalIterator():
        week = str(row["week"])
        buyers[week] = row["buyers"]
        by_week.setdefault(row["contestant"], {})[week] = {name: row[name] for name in ("map12", "recall12")}
    contestants = {
        name: {
            "map12": fmean(scores["map12"] for scores in of_week.values()),
            "recall12": fmean(scores["recall12"] for scores in of_week.values()),
            "by_week": of_week,
        }
        for name, of_week in by_week.items()
    }
    return {"weeks": weeks, "buyers": buyers, "contestants": contestants}
