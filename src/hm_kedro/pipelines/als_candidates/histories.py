"""Whom to serve in each target week, and what each of them had bought before it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.parameters import EvaluationParameters, RetrievalParameters, TrainingParameters
from hm_kedro.tables import history_of_customers, purchases_in_weeks
from hm_kedro.timeline import Timeline


def target_weeks(
    timeline: dict[str, Any], evaluation: EvaluationParameters, training: TrainingParameters
) -> list[date]:
    """Give every week that needs candidates."""
    return Timeline.read(timeline).target_weeks(evaluation.weeks, training)


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


def gather_histories(
    target_customers: DataFrame,
    transactions: DataFrame,
    customers: DataFrame,
    timeline: dict[str, Any],
    retrieval: RetrievalParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Gather what each target customer had bought before the week.

    Returns:
        One row per (week, customer): `age` int; `lines`, an array of (`article`, `age_days`, `quantity`, `price`,
        `sales_channel_id`), in no order, empty for those who had bought nothing in `retrieval.history_days`.
    """
    weeks = target_weeks(timeline, evaluation, training)
    return gather_lines(target_customers, transactions, customers, weeks, retrieval.history_days)


def gather_lines(
    target_customers: DataFrame, transactions: DataFrame, customers: DataFrame, weeks: Sequence[date], history_days: int
) -> DataFrame:
    """Gather what the target customers of some weeks had bought, as `gather_histories` does."""
    aged = target_customers.join(customers.select("customer", "age"), "customer")
    bought = history_of_customers(aged, transactions, weeks, history_days)
    line = F.when(
        F.col("article").isNotNull(), F.struct("article", "age_days", "quantity", "price", "sales_channel_id")
    )
    return bought.groupBy("week", "customer", "age").agg(F.collect_list(line).alias("lines"))
