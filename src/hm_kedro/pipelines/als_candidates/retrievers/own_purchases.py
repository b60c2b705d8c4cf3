"""The customer's own past articles."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.parameters import OwnPurchasesRetriever
from hm_kedro.pipelines.als_candidates.retrievers.inputs import RetrievalInputs
from hm_kedro.tables import half_life_decay, history_by_week, top_per_customer


def retrieve(inputs: RetrievalInputs, params: OwnPurchasesRetriever) -> DataFrame:
    """Rank each customer's own past articles by how much and how lately they bought them.

    `score` is the sum over the pieces bought of 2^(-age in days / half-life).
    """
    history = history_by_week(inputs.transactions, inputs.weeks, params.window_days)
    decayed = half_life_decay("age_days", params.half_life_days) * F.col("quantity")
    weight = F.sum(decayed).cast("float").alias("score")
    scored = (
        history.join(inputs.targets, ["week", "customer"], "semi").groupBy("week", "customer", "article").agg(weight)
    )
    return top_per_customer(scored, params.top).select("week", "customer", "article", "score", "rank")
