"""The work of als_candidates: whom to serve, ALS for every target week, and the union of the retrievers."""

from datetime import date
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.parameters import AlsParameters, EvaluationParameters, RetrievalParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates import solvers
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS, RetrievalInputs
from hm_kedro.pipelines.als_candidates.retrievers.bestsellers import rank_bestsellers
from hm_kedro.tables import half_life_decay, history_by_week, purchases_in_weeks
from hm_kedro.timeline import Timeline


def target_weeks(
    timeline: dict[str, Any], evaluation: EvaluationParameters, training: TrainingParameters
) -> list[date]:
    """Give every week that needs candidates."""
    return Timeline.read(timeline).target_weeks(evaluation.weeks, training.weeks)


def list_target_customers(
    transactions: DataFrame,
    customers: DataFrame,
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """List whom each target week's candidates are for: everyone in the submission's week, else its buyers.

    A week that is learned from or judged has nothing to say of customers who bought nothing in it. Who
    they are is all that is taken from such a week.

    Returns:
        One row per (week, customer).
    """
    weeks = target_weeks(timeline, evaluation, training)
    cutoff = Timeline.read(timeline).cutoff
    everyone = customers.select(F.lit(cutoff).alias("week"), "customer")
    past = [week for week in weeks if week < cutoff]
    return everyone.unionByName(purchases_in_weeks(transactions, past).select("week", "customer").distinct())


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
        2^(-age in days / half-life); `age_days` int of the latest purchase.
    """
    history = history_by_week(transactions, target_weeks(timeline, evaluation, training), als.window_days)
    return history.groupBy("week", "customer", "article").agg(
        F.sum(half_life_decay("age_days", als.half_life_days) * F.col("quantity")).cast("float").alias("strength"),
        F.min("age_days").alias("age_days"),
    )


def fit_factors(interactions: DataFrame, als: AlsParameters) -> tuple[DataFrame, DataFrame]:
    """Fit ALS for every target week, each on its own window.

    Returns:
        `user_factors`: one row per (week, customer), `factors` array of `rank` floats.
        `item_factors`: one row per (week, article), `factors` and `on_sale` boolean, whether the article
        was sold in the last `on_sale_days` before the week.
    """
    weeks = sorted(row["week"] for row in interactions.select("week").distinct().toLocalIterator())
    users, items = [], []
    for week in weeks:
        pairs = interactions.where(F.col("week") == F.lit(week)).select("customer", "article", "strength")
        user, item = solvers.fit(pairs, als)
        users.append(user.select(F.lit(week).alias("week"), "customer", "factors"))
        items.append(item.select(F.lit(week).alias("week"), "article", "factors"))
    if not weeks:
        nothing = engine.session().createDataFrame([], "week date, customer int, article int, factors array<float>")
        users, items = [nothing.drop("article")], [nothing.drop("customer")]
    last_sale = interactions.groupBy("week", "article").agg(F.min("age_days").alias("age_days"))
    item_factors = (
        reduce(lambda one, other: one.unionByName(other), items)
        .join(last_sale, ["week", "article"])
        .select("week", "article", "factors", (F.col("age_days") <= als.on_sale_days).alias("on_sale"))
    )
    return reduce(lambda one, other: one.unionByName(other), users), item_factors


def retrieve_candidates(
    transactions: DataFrame,
    articles: DataFrame,
    target_customers: DataFrame,
    user_factors: DataFrame,
    item_factors: DataFrame,
    timeline: dict[str, Any],
    retrieval: RetrievalParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> tuple[DataFrame, DataFrame]:
    """Join what the retrievers propose for every target week, and keep each week's bestsellers for filling.

    Returns:
        `candidates`: one row per (week, customer, article) that any retriever proposes, with
        `<retriever>_score` float and `<retriever>_rank` int of each, missing where it did not propose it.
        `bestsellers`: one row per (week, article), `score` and `rank`.
    """
    inputs = RetrievalInputs(
        weeks=target_weeks(timeline, evaluation, training),
        transactions=transactions,
        targets=target_customers,
        articles=articles,
        user_factors=user_factors,
        item_factors=item_factors,
    )
    proposals = [
        retrieve(inputs, getattr(retrieval, name)).withColumn("retriever", F.lit(name))
        for name, retrieve in RETRIEVERS.items()
    ]
    columns = [
        F.max(F.when(F.col("retriever") == name, F.col(value))).alias(f"{name}_{value}")
        for name in RETRIEVERS
        for value in ("score", "rank")
    ]
    union = reduce(lambda one, other: one.unionByName(other), proposals)
    return union.groupBy("week", "customer", "article").agg(*columns), rank_bestsellers(inputs, retrieval.bestsellers)
