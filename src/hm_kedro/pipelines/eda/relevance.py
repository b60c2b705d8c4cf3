"""How much knowing an attribute tells about the next purchase: what the ranker's features are chosen by.

Measured on weeks before the judged ones, each from its own history, on all its buyers or every n-th of them. Intervals
come from groups of customers, drawn again with replacement (a bootstrap of blocks), so that no more than a few hundred
rows leave the engine.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.parameters import EdaParameters, EvaluationParameters
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.tables import exact, history_by_week, pieces, purchases_in_weeks
from hm_kedro.timeline import Timeline

MONTH_DAYS = 28
# An attribute beside those of the schema: the product, of which articles are variants.
MATCHED = ("product", *ATTRIBUTES)
AGE_CLASS = 10  # years
INFORMATION_DRAWS = 30  # of the groups; enough for a standard deviation to a tenth
MOST_SPARSE = 5  # purchases a cell on average, the usual bound of tests on such tables
EVERY = -1  # the draw that has every group once


def relevance_weeks(line: Timeline, params: EdaParameters, evaluation: EvaluationParameters) -> list[date]:
    """Give the weeks on which relevance is measured, newest first: the last before the judged ones."""
    first_judged = min([line.cutoff, *line.judged_weeks(evaluation.weeks)])
    return line.weeks_before(first_judged, params.relevance_weeks)


def measure_relevance(
    customers: DataFrame,
    articles: DataFrame,
    transactions: DataFrame,
    timeline: dict[str, Any],
    params: EdaParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """Measure what customers' histories and attributes tell of what they buy next.

    Returns:
        One row per (`kind`, `customer_attribute`, `article_attribute`) with `value`, `low` and `high` of its interval
        (95 %), `purchases` it rests on. Kind `lift`: how often a purchase matches the customer's own history in the
        attribute (its share of that history) over how often it would, were it drawn from the last MONTH_DAYS days'
        popularity; 1 is nothing. Kind `information`: mutual information of the two attributes over the purchases in
        bits, less what independent ones would show by chance (Miller and Madow 1955), of pairs with MOST_SPARSE
        purchases or more for each pair of values. The largest first.
    """
    line = Timeline.read(timeline)
    weeks = relevance_weeks(line, params, evaluation)
    columns = ["kind", "customer_attribute", "article_attribute", "value", "low", "high", "purchases"]
    if not weeks:
        return pd.DataFrame(columns=columns)
    bought = purchases_in_weeks(transactions, weeks)
    every = max(1, bought.select("customer").distinct().count() // params.relevance_buyers)
    sampled = bought.where(F.col("customer") % every == 0)
    group = (F.floor(F.col("customer") / F.lit(every)) % params.relevance_groups).cast("int").alias("group")
    rng = np.random.default_rng(params.seed)
    lifts = lift_intervals(measure_lifts(sampled, articles, transactions, weeks, group, params), rng, params)
    shared = measure_information(sampled, customers, articles, group, draw_weights(rng, params))
    table = pd.DataFrame([*lifts, *shared], columns=columns)
    return table.sort_values(["kind", "value", "article_attribute"], ascending=[False, False, True], ignore_index=True)


def draw_weights(rng: np.random.Generator, params: EdaParameters) -> DataFrame:
    """Draw the groups of customers again and again, with replacement.

    Returns:
        One row per (`draw`, `group`) that was drawn, `weight` times; in draw -1 every group once.
    """
    groups = params.relevance_groups
    drawn = rng.multinomial(groups, np.full(groups, 1 / groups), size=INFORMATION_DRAWS)
    every = np.vstack([np.ones(groups, int), drawn])
    draws, chosen = np.nonzero(every)
    columns = {"draw": draws - 1, "group": chosen, "weight": every[draws, chosen]}
    return engine.from_arrow(pa.table({name: pa.array(values, pa.int32()) for name, values in columns.items()}))


def lift_intervals(sums: pd.DataFrame, rng: np.random.Generator, params: EdaParameters) -> list[list[Any]]:
    """Divide what was observed by what was expected, and draw the groups again for the interval."""
    rows: list[list[Any]] = []
    # In an order of their own: what is drawn must not depend on that in which an engine gives them.
    for attribute, of_groups in sums.sort_values(["attribute", "group"]).groupby("attribute"):
        observed, expected = of_groups["observed"].to_numpy(float), of_groups["expected"].to_numpy(float)
        # Of one value only every purchase is, and every expectation.
        if not 0 < expected.sum() < of_groups["purchases"].sum():
            continue
        count = len(observed)
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=params.resamples)
        over = drawn @ expected
        low, high = np.quantile((drawn @ observed)[over > 0] / over[over > 0], [0.025, 0.975])
        lift = observed.sum() / expected.sum()
        rows.append(["lift", None, attribute, lift, low, high, int(of_groups["purchases"].sum())])
    return rows


def _unpivoted(articles: DataFrame, attributes: Sequence[str]) -> DataFrame:
    """One row per (article, attribute) that has a value."""
    pairs = [F.struct(F.lit(name).alias("attribute"), F.col(name).cast("int").alias("value")) for name in attributes]
    long = articles.select("article", F.explode(F.array(*pairs)).alias("pair"))
    return long.select("article", "pair.attribute", "pair.value").where("value is not null")


def measure_lifts(
    bought: DataFrame,
    articles: DataFrame,
    transactions: DataFrame,
    weeks: Sequence[date],
    group: Column,
    params: EdaParameters,
) -> pd.DataFrame:
    """Sum up matches of purchases with their customers' own histories, by attribute and group of customers.

    Args:
        bought: one row per (week, customer, article) bought in the weeks.
        group: of the customer.

    Returns:
        One row per (`attribute`, `group`): `observed`, the sum over purchases of the share that the article's value has
        of the customer's history; `expected`, the same of articles drawn from popularity; `purchases`.
    """
    values = _unpivoted(articles, MATCHED)
    history = history_by_week(transactions, weeks, params.relevance_window_days)
    buyers = bought.select("week", "customer").distinct()
    own = (
        history.join(buyers, ["week", "customer"], "semi")
        .groupBy("week", "customer", "article")
        .agg(pieces().alias("pieces"))
        .join(values, "article")
        .groupBy("week", "customer", "attribute", "value")
        .agg(F.sum("pieces").alias("pieces"))
    )
    totals = own.groupBy("week", "customer", "attribute").agg(F.sum("pieces").alias("total"))
    shares = own.join(totals, ["week", "customer", "attribute"]).select(
        "week", "customer", "attribute", "value", exact(F.col("pieces") / F.col("total")).alias("share")
    )
    popular = (
        history.where(F.col("age_days") <= MONTH_DAYS)
        .groupBy("week", "article")
        .agg(pieces().alias("pieces"))
        .join(values, "article")
        .groupBy("week", "attribute", "value")
        .agg(F.sum("pieces").alias("pieces"))
    )
    all_popular = popular.groupBy("week", "attribute").agg(F.sum("pieces").alias("total"))
    popularity = popular.join(all_popular, ["week", "attribute"]).select(
        "week", "attribute", "value", exact(F.col("pieces") / F.col("total")).alias("popularity")
    )
    # Only purchases whose customer has a history in the attribute say anything of it.
    truth = (
        bought.join(values, "article")
        .join(totals.select("week", "customer", "attribute"), ["week", "customer", "attribute"], "semi")
        .groupBy("week", "customer", "attribute", "value")
        .agg(F.count("*").alias("purchases"))
    )
    observed = truth.join(shares, ["week", "customer", "attribute", "value"], "left").select(
        "customer",
        "attribute",
        (F.coalesce("share", F.lit(0.0)) * F.col("purchases")).alias("observed"),
        F.lit(0.0).alias("expected"),
        "purchases",
    )
    counts = truth.groupBy("week", "customer", "attribute").agg(F.sum("purchases").alias("count"))
    expected = (
        shares.join(popularity, ["week", "attribute", "value"])
        .join(counts, ["week", "customer", "attribute"])
        .select(
            "customer",
            "attribute",
            F.lit(0.0).alias("observed"),
            exact(F.col("share") * F.col("popularity") * F.col("count")).alias("expected"),
            F.lit(0).cast("bigint").alias("purchases"),
        )
    )
    summed = observed.unionByName(expected).groupBy("attribute", group)
    return summed.agg(
        F.sum("observed").alias("observed"), F.sum("expected").alias("expected"), F.sum("purchases").alias("purchases")
    ).toPandas()


def measure_information(
    bought: DataFrame, customers: DataFrame, articles: DataFrame, group: Column, weights: DataFrame
) -> list[list[Any]]:
    """Measure the mutual information of every attribute of customers and of articles over purchases.

    Args:
        bought: one row per (week, customer, article) bought in the weeks.
        group: of the customer.
        weights: `draw_weights`.

    Returns:
        Rows as `measure_relevance` has them; the interval is of 1.96 standard deviations of the draws.
    """
    told = {
        "age": F.floor(F.col("age") / F.lit(AGE_CLASS)).cast("string"),
        "club_member_status": F.col("club_member_status"),
        "fashion_news_frequency": F.col("fashion_news_frequency"),
        "fn": F.coalesce(F.col("fn"), F.lit(0)).cast("string"),
        "active": F.coalesce(F.col("active"), F.lit(0)).cast("string"),
    }
    pairs = [F.struct(F.lit(name).alias("of"), value.alias("is")) for name, value in told.items()]
    long = customers.select("customer", F.explode(F.array(*pairs)).alias("pair"))
    known = long.select("customer", "pair.of", "pair.is").where(F.col("is").isNotNull())
    by = ["of", "attribute"]
    cells = (
        bought.join(known, "customer")
        .join(_unpivoted(articles, ATTRIBUTES), "article")
        .groupBy(*by, "is", "value", group)
        .agg(F.count("*").alias("count"))
        .join(F.broadcast(weights), "group")
        .groupBy("draw", *by, "is", "value")
        .agg(F.sum(F.col("count") * F.col("weight")).alias("count"))
    )
    keys = ["draw", *by]
    rows = cells.groupBy(*keys, "is").agg(F.sum("count").alias("count")).groupBy(*keys).agg(*_entropy("row"))
    columns = cells.groupBy(*keys, "value").agg(F.sum("count").alias("count")).groupBy(*keys).agg(*_entropy("column"))
    both = cells.groupBy(*keys).agg(*_entropy("cell"), F.sum("count").alias("total"))
    total = F.col("total")
    bits = (F.col("cell_bits") - F.col("row_bits") - F.col("column_bits")) / total + F.log2(total)
    chance = (F.col("cells") - F.col("rows") - F.col("columns") + 1) / (2 * F.log(F.lit(2.0)) * total)
    informed = both.join(rows, keys).join(columns, keys).withColumn("bits", bits - chance)
    # An attribute that has one value only can tell nothing, and few purchases say nothing of many cells.
    informed = informed.where((F.col("rows") > 1) & (F.col("columns") > 1))
    informed = informed.where(total >= MOST_SPARSE * F.col("rows") * F.col("columns"))
    every = F.col("draw") == EVERY
    found = informed.groupBy(*by).agg(
        F.max(F.when(every, F.col("bits"))).alias("bits"),
        F.stddev(F.when(~every, F.col("bits"))).alias("deviation"),
        F.max(F.when(every, total)).alias("purchases"),
    )
    return [
        [
            "information",
            row["of"],
            row["attribute"],
            row["bits"],
            row["bits"] - 1.96 * (row["deviation"] or 0),
            row["bits"] + 1.96 * (row["deviation"] or 0),
            int(row["purchases"]),
        ]
        for row in found.where("bits is not null").toArrow().to_pylist()
    ]


def _entropy(of: str) -> list[Column]:
    count = F.col("count").cast("double")
    return [F.sum(count * F.log2(count)).alias(f"{of}_bits"), F.count("*").alias(f"{of}s")]
