"""Who is compared: the lists of every contestant, for the same buyers of the same weeks."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.parameters import EvaluationParameters, RetrievalParameters, SalesParameters
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.pipelines.als_candidates.sales import age_group
from hm_kedro.tables import LIST_LENGTH, history_by_week, top_per_customer
from hm_kedro.timeline import Timeline

KEYS = ["week", "customer"]
COLUMNS = ["contestant", "week", "customer", "article", "rank"]
# What each does, from the simplest on; the order of all tables and figures.
CONTESTANTS = {
    "bestsellers_ever": "the twelve articles sold most before the week",
    "bestsellers": "the twelve articles sold most in the last 7 days",
    "age_bestsellers": "those sold most to the customer's age group in the last 7 days, filled with the bestsellers",
    "own_purchases": "the customer's own articles, late ones and those that sell well first, then bestsellers",
    "heuristic": "one summed score of own purchases, bought together and the age group's bestsellers, filled",
    "heuristics": "one summed score of all retrievers but ALS, filled with the bestsellers",
    "notebook": "the recipe of the competition's notebooks: a DART LambdaRank over bestsellers and the last basket",
    "als": "ALS alone; customers without factors get nothing",
    "als_filled": "ALS, filled with the bestsellers",
    "ranker_als": "the LightGBM ranker on ALS's candidates alone, filled",
    "ranker": "the LightGBM ranker on all candidates",
    "oracle": "what of the candidates was bought: the most that ranking them could reach",
}
BASELINES = (
    "bestsellers_ever",
    "bestsellers",
    "age_bestsellers",
    "own_purchases",
    "heuristic",
    "heuristics",
    "notebook",
)
ORACLE = "oracle"
# Who may leave a buyer without a list: all others fill theirs.
UNFILLED = ("als", ORACLE)
HEURISTIC = ("own_purchases", "bought_together", "age_bestsellers")


def line_up_contestants(
    purchases: DataFrame,
    bestsellers: DataFrame,
    article_sales: DataFrame,
    article_days: DataFrame,
    histories: DataFrame,
    candidates: DataFrame,
    recommendations: DataFrame,
    notebook_lists: DataFrame,
    als_ranker_lists: DataFrame,
    outside_lists: DataFrame,
    timeline: dict[str, Any],
    retrieval: RetrievalParameters,
    sales: SalesParameters,
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Line up the lists that are compared, for the buyers of the judged weeks: CONTESTANTS and those from outside.

    Of the judged weeks' purchases only who bought is looked at, but by the oracle.

    Returns:
        One row per (contestant, week, customer, article): `rank` int from 1, up to 12.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    buyers = purchases.select(*KEYS).distinct()
    proposed = candidates.where(F.col("week").isin(weeks)).join(buyers, KEYS, "semi")
    popular = buyers.join(F.broadcast(_best(bestsellers, 2 * LIST_LENGTH)), "week")
    ranked = recommendations.join(buyers, KEYS, "semi").select(*KEYS, "article", "rank")
    others = [name for name in retrieval.retrievers if name != "als"]
    als = _first(proposed, "als")
    lists = {
        "bestsellers_ever": buyers.join(F.broadcast(rank_ever(article_days, weeks)), "week"),
        "bestsellers": popular,
        "age_bestsellers": fill(_of_age_group(buyers, histories, article_sales, sales), popular),
        "own_purchases": fill(_first(proposed, "own_purchases"), popular),
        "heuristic": fill(_summed(proposed, HEURISTIC, retrieval), popular),
        "heuristics": fill(_summed(proposed, others, retrieval), popular),
        "notebook": fill(notebook_lists, popular),
        "als": als,
        "als_filled": fill(als, popular),
        "ranker_als": fill(als_ranker_lists, popular),
        "ranker": ranked,
        ORACLE: find_bought(proposed, ranked, purchases),
    }
    named = [table.withColumn("contestant", F.lit(name)).select(*COLUMNS) for name, table in lists.items()]
    named.append(outside_lists.join(buyers, KEYS, "semi").select(*COLUMNS))
    together = named[0]
    for table in named[1:]:
        together = together.unionByName(table)
    return together.where(F.col("rank") <= LIST_LENGTH)


def _best(bestsellers: DataFrame, places: int) -> DataFrame:
    return bestsellers.where(F.col("rank") <= places).select("week", "article", "rank")


def rank_ever(article_days: DataFrame, weeks: Sequence[date]) -> DataFrame:
    """Rank articles by the pieces sold before each week, ties by article.

    Returns:
        One row per (week, article): `rank` int from 1 to 12.
    """
    sold = history_by_week(article_days, weeks).groupBy("week", "article").agg(F.sum("pieces").alias("sold"))
    return _ranked(sold, Window.partitionBy("week").orderBy(F.desc("sold"), "article"))


def _ranked(table: DataFrame, best_first: Any) -> DataFrame:
    ranked = table.withColumn("rank", F.row_number().over(best_first).cast("int"))
    return ranked.where(F.col("rank") <= LIST_LENGTH)


def _of_age_group(
    buyers: DataFrame, histories: DataFrame, article_sales: DataFrame, sales: SalesParameters
) -> DataFrame:
    """Give the buyers of known age what their group bought most lately."""
    of_group = article_sales.where((F.col("lately") > 0) & (F.col("age_group") != UNKNOWN_AGE))
    best_first = Window.partitionBy("week", "age_group").orderBy(F.desc("lately"), "article")
    best = _ranked(of_group, best_first).select("week", "age_group", "article", "rank")
    aged = histories.join(buyers, KEYS, "semi").select(*KEYS, age_group(sales).alias("age_group"))
    return aged.join(F.broadcast(best), ["week", "age_group"]).select(*KEYS, "article", "rank")


def _first(proposed: DataFrame, retriever: str) -> DataFrame:
    """Give what a retriever proposes first; by the budget of candidates places may be missing."""
    ranked = proposed.select(*KEYS, "article", F.col(f"{retriever}_rank").alias("rank"))
    return ranked.where(F.col("rank") <= LIST_LENGTH)


def _summed(proposed: DataFrame, retrievers: Sequence[str], retrieval: RetrievalParameters) -> DataFrame:
    """Give the candidates of some retrievers that are best by the sum of their scores, weighed."""

    def score(name: str) -> Column:
        of_retriever = F.coalesce(F.col(f"{name}_score").cast("double"), F.lit(0.0))
        return of_retriever * F.lit(float(retrieval.of(name).weight))

    by_one = F.coalesce(*[F.col(f"{name}_rank") for name in retrievers]).isNotNull()
    total = sum((score(name) for name in retrievers[1:]), score(retrievers[0]))
    return top_per_customer(proposed.where(by_one).withColumn("score", total), LIST_LENGTH).select(
        *KEYS, "article", "rank"
    )


def find_bought(proposed: DataFrame, ranked: DataFrame, purchases: DataFrame) -> DataFrame:
    """Give what was bought of the candidates, and of what the ranker's lists were filled with.

    Returns:
        One row per (week, customer, article): `rank` from 1 by article, up to 12.
    """
    pairs = proposed.select(*KEYS, "article").unionByName(ranked.select(*KEYS, "article")).distinct()
    hits = purchases.select(*KEYS, "article").join(pairs, [*KEYS, "article"], "semi")
    return top_per_customer(hits.withColumn("score", F.lit(0.0)), LIST_LENGTH).select(*KEYS, "article", "rank")


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
