"""How strongly customers are tied to articles before each target week: what ALS is fitted on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from hm_kedro.parameters import AlsParameters, EvaluationParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.histories import target_weeks
from hm_kedro.tables import exact, half_life_decay, newest_purchases, power_decay


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
        2^(-age in days / half-life) / age^decay_power, times the article's `rarity`, over the customer's number of
        articles to the power `history_power`; `rarity` float, one over the number of the article's customers to the
        power `rarity_power`; `age_days` int of the latest purchase.
    """
    return weigh_weeks(transactions, target_weeks(timeline, evaluation, training), als)


def weigh_weeks(transactions: DataFrame, weeks: Sequence[date], als: AlsParameters) -> DataFrame:
    """Weigh the interactions before some weeks, as `weigh_interactions` does."""
    history = newest_purchases(transactions, weeks, als.window_days, als.max_purchases)
    decay = half_life_decay("age_days", als.half_life_days) * power_decay("age_days", als.decay_power)
    pairs = history.groupBy("week", "customer", "article").agg(
        F.sum(exact(decay) * F.col("quantity")).alias("decayed"),
        F.min("age_days").alias("age_days"),
    )
    rarities = pairs.groupBy("week", "article").agg(_power_of_count(als.rarity_power).cast("float").alias("rarity"))
    shares = pairs.groupBy("week", "customer").agg(_power_of_count(als.history_power).alias("share"))
    strength = F.col("decayed") * F.col("rarity") * F.col("share")
    return shares.join(rarities.join(pairs, ["week", "article"]), ["week", "customer"]).select(
        "week", "customer", "article", strength.cast("float").alias("strength"), "rarity", "age_days"
    )


def _power_of_count(power: float) -> Column:
    return exact(F.pow(F.count("*").cast("double"), F.lit(-float(power))))
