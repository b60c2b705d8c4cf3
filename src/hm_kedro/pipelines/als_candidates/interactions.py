"""How strongly customers are tied to articles before each target week: what ALS is fitted on."""

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.parameters import AlsParameters, EvaluationParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.histories import target_weeks
from hm_kedro.tables import exact, half_life_decay, newest_purchases


def weigh_interactions(
    transactions: DataFrame,
    timeline: dict[str, Any],
    als: AlsParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Sum up, for each target week, how much and how lately a customer bought an article before it.

    Returns:
        One row per (week, customer, article) of the window: `strength` float, the sum over pieces bought of
        2^(-age in days / half-life), times the article's `rarity`; `rarity` float, one over the number of its
        customers in the window to the power `rarity_power`, 1 of the rarest; `age_days` int of the latest purchase.
    """
    weeks = target_weeks(timeline, evaluation, training)
    history = newest_purchases(transactions, weeks, als.window_days, als.max_purchases)
    pairs = history.groupBy("week", "customer", "article").agg(
        F.sum(half_life_decay("age_days", als.half_life_days) * F.col("quantity")).alias("decayed"),
        F.min("age_days").alias("age_days"),
    )
    rarity = exact(F.pow(F.count("*").cast("double"), F.lit(-als.rarity_power)))
    rarities = pairs.groupBy("week", "article").agg(rarity.cast("float").alias("rarity"))
    return rarities.join(pairs, ["week", "article"]).select(
        "week",
        "customer",
        "article",
        (F.col("decayed") * F.col("rarity")).cast("float").alias("strength"),
        "rarity",
        "age_days",
    )
