"""The work of eda: aggregates in the engine, figures of what comes back."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.timeline import Timeline


def summarise_shop(
    customers: DataFrame, articles: DataFrame, transactions: DataFrame, timeline: dict[str, Any]
) -> dict[str, Any]:
    """Count customers, articles and transactions before the cutoff.

    Returns:
        `customers` in total, with and without a transaction as counts and shares; `transactions`,
        `articles`, `articles_never_sold`, `days`, `first_day`, `last_day`.
    """
    line = Timeline.read(timeline)
    total, all_articles = customers.count(), articles.count()
    sold = transactions.agg(
        F.coalesce(F.sum("quantity"), F.lit(0)).alias("transactions"),
        F.count_distinct("customer").alias("buyers"),
        F.count_distinct("article").alias("articles"),
    ).first()
    lines, buyers, sold_articles = (sold["transactions"], sold["buyers"], sold["articles"]) if sold else (0, 0, 0)
    return {
        "customers": total,
        "customers_with_a_transaction": buyers,
        "customers_without_a_transaction": total - buyers,
        "share_with_a_transaction": buyers / total if total else None,
        "share_without_a_transaction": (total - buyers) / total if total else None,
        "transactions": lines,
        "articles": all_articles,
        "articles_never_sold": all_articles - sold_articles,
        "days": (line.last_day - line.first_day).days + 1,
        "first_day": str(line.first_day),
        "last_day": str(line.last_day),
    }


def count_transactions_a_week(transactions: DataFrame, timeline: dict[str, Any]) -> pd.DataFrame:
    """Count transactions and buyers of each complete week before the cutoff.

    Returns:
        One row per week with a sale: `week` its first day, `transactions`, `buyers`, in order of time.
    """
    line = Timeline.read(timeline)
    counted = (
        transactions.withColumn("week", F.date_sub(F.lit(line.cutoff), F.col("weeks_to_cutoff") * 7))
        .where(F.col("week") >= F.lit(line.first_day))
        .groupBy("week")
        .agg(F.sum("quantity").alias("transactions"), F.count_distinct("customer").alias("buyers"))
        .orderBy("week")
    )
    return counted.toPandas()


def draw_transactions_a_week(weekly_transactions: pd.DataFrame) -> go.Figure:
    """Draw transactions and buyers over the weeks."""
    figure = go.Figure()
    for column, colour, dash in (("transactions", "#0072B2", "solid"), ("buyers", "#D55E00", "dot")):
        figure.add_scatter(
            x=weekly_transactions["week"].astype(str),
            y=weekly_transactions[column],
            name=column,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
        )
    figure.update_layout(
        title="Transactions and buyers a week",
        template="simple_white",
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.08},
    )
    figure.update_xaxes(title="first day of the week", type="date")
    figure.update_yaxes(title="count a week", rangemode="tozero", separatethousands=True)
    return figure
