"""What everybody bought in the last days, the same for every customer of a week."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.parameters import BestsellersRetriever
from hm_kedro.pipelines.als_candidates.retrievers.inputs import RetrievalInputs
from hm_kedro.tables import each_of, history_by_week, pieces


def retrieve(inputs: RetrievalInputs, params: BestsellersRetriever) -> DataFrame:
    """Propose the week's bestsellers to everyone; `score` is the sales of the window."""
    best = rank_bestsellers(inputs, params)
    return inputs.targets.join(F.broadcast(best), "week").select("week", "customer", "article", "score", "rank")


def rank_bestsellers(inputs: RetrievalInputs, params: BestsellersRetriever) -> DataFrame:
    """Rank articles by their sales in the window, then in four windows, then ever, then by number.

    The later criteria fill the list where few articles were sold lately, and at last with articles never
    sold, so that every week has `top` of them (or all articles there are).

    Returns:
        One row per (week, article): `score` float, the sales of the window; `rank` int from 1.
    """
    history = history_by_week(inputs.transactions, inputs.weeks)
    sales = history.groupBy("week", "article").agg(
        pieces(F.col("age_days") <= params.window_days).alias("lately"),
        pieces(F.col("age_days") <= 4 * params.window_days).alias("before_that"),
        pieces().alias("ever"),
    )
    every = inputs.articles.select("article", each_of(inputs.weeks).alias("week"))
    counted = every.join(sales, ["week", "article"], "left").na.fill(0, ["lately", "before_that", "ever"])
    best_first = Window.partitionBy("week").orderBy(
        F.desc("lately"), F.desc("before_that"), F.desc("ever"), F.asc("article")
    )
    ranked = counted.withColumn("rank", F.row_number().over(best_first).cast("int")).where(F.col("rank") <= params.top)
    return ranked.select("week", "article", F.col("lately").cast("float").alias("score"), "rank")
