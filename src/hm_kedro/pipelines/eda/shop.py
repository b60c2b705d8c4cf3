"""The shop in numbers: who and what there is, what is missing, and its weeks."""

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.chart import Chart, Numbers, bars, collect, lines, most, present
from hm_kedro.tables import exact, pieces
from hm_kedro.timeline import Timeline

OPTIONAL = {
    "customers": ["fn", "active", "club_member_status", "fashion_news_frequency", "age", "postal_code"],
    "articles": ["product_code", "product_type_name", "colour_group_name", "department_name", "detail_desc"],
    "transactions": ["price", "sales_channel_id"],
}


def summarise_shop(
    customers: DataFrame, articles: DataFrame, transactions: DataFrame, timeline: dict[str, Any]
) -> dict[str, Any]:
    """Count customers, articles and transactions before the cutoff.

    Returns:
        `customers` in total, with and without a transaction as counts and shares; `transactions`, pieces bought;
        `articles`, `articles_never_sold`, `days`, `first_day`, `last_day`.
    """
    line = Timeline.read(timeline)
    total, all_articles = customers.count(), articles.count()
    sold = transactions.agg(
        F.coalesce(F.sum("quantity"), F.lit(0)).alias("transactions"),
        F.count_distinct("customer").alias("buyers"),
        F.count_distinct("article").alias("articles"),
    ).first()
    bought, buyers, sold_articles = (sold["transactions"], sold["buyers"], sold["articles"]) if sold else (0, 0, 0)
    return {
        "customers": total,
        "customers_with_a_transaction": buyers,
        "customers_without_a_transaction": total - buyers,
        "share_with_a_transaction": buyers / total if total else None,
        "share_without_a_transaction": (total - buyers) / total if total else None,
        "transactions": bought,
        "articles": all_articles,
        "articles_never_sold": all_articles - sold_articles,
        "days": (line.last_day - line.first_day).days + 1,
        "first_day": str(line.first_day),
        "last_day": str(line.last_day),
    }


def count_shop(
    customers: DataFrame, articles: DataFrame, transactions: DataFrame, timeline: dict[str, Any]
) -> dict[str, Numbers]:
    """Count what is missing and what happened each week.

    Returns:
        `missing_values`: `column`, `missing` as a share of the table's rows, the most first.
        `transactions_a_week`: of each complete week before the cutoff its first day, `transactions` and `buyers`.
        `revenue_a_week`: the same weeks, `revenue` in the publisher's unit.
    """
    line = Timeline.read(timeline)
    tables = {"customers": customers, "articles": articles, "transactions": transactions}
    shares: dict[str, float] = {}
    for name, columns in OPTIONAL.items():
        counted = tables[name].agg(F.count("*").alias("rows"), *[F.count(column).alias(column) for column in columns])
        row = counted.first()
        if row is not None and row["rows"]:
            shares |= {f"{name}.{column}": 1 - row[column] / row["rows"] for column in columns}
    missing = sorted(((name, share) for name, share in shares.items() if share), key=lambda item: (-item[1], item[0]))
    weekly = (
        transactions.withColumn("week", F.date_sub(F.lit(line.cutoff), F.col("weeks_to_cutoff") * 7))
        .where(F.col("week") >= F.lit(line.first_day))
        .groupBy("week")
        .agg(
            pieces().alias("transactions"),
            F.count_distinct("customer").cast("int").alias("buyers"),
            F.sum(exact(F.col("price")) * F.col("quantity")).alias("revenue"),
        )
        .orderBy("week")
    )
    weeks = collect(weekly)
    return present(
        {
            "missing_values": {"column": [name for name, _ in missing], "missing": [share for _, share in missing]},
            "transactions_a_week": {name: weeks[name] for name in ("week", "transactions", "buyers")},
            "revenue_a_week": {name: weeks[name] for name in ("week", "revenue")},
        }
    )


def _draw_missing(numbers: Numbers) -> Any:
    figure = bars(numbers["column"], {"missing": numbers["missing"]}, "", "share of rows without a value", across=True)
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    return figure


def _read_weeks(numbers: Numbers) -> str:
    busiest = most(numbers["week"], numbers["transactions"])
    pieces_each = numbers["transactions"][-1] / numbers["buyers"][-1]
    return (
        f"The week of {busiest} saw most transactions, {max(numbers['transactions']):,}; in the last one "
        f"{numbers['buyers'][-1]:,} customers bought {pieces_each:.1f} pieces each."
    )


def _read_revenue(numbers: Numbers) -> str:
    known = [revenue or 0.0 for revenue in numbers["revenue"]]
    times = max(known) / (sum(known) / len(known))
    return f"Revenue was highest in the week of {most(numbers['week'], known)}, {times:.1f} times the mean week's."


CHARTS = (
    Chart(
        "missing_values",
        "Missing values by column",
        "no value is missing",
        _draw_missing,
        lambda n: f"{n['column'][0]} is missing most often, in {n['missing'][0]:.1%} of the rows.",
    ),
    Chart(
        "transactions_a_week",
        "Transactions and buyers a week",
        "no complete week",
        lambda n: lines(
            n["week"], {name: n[name] for name in ("transactions", "buyers")}, "first day of the week", "count a week"
        ),
        _read_weeks,
    ),
    Chart(
        "revenue_a_week",
        "Revenue a week",
        "no prices",
        lambda n: lines(n["week"], {"revenue": n["revenue"]}, "first day of the week", "revenue (publisher's unit)"),
        _read_revenue,
    ),
)
