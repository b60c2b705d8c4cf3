"""When things are sold: season, day of the week, channel, price level."""

from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.chart import Chart, Numbers, bars, collect, heat, lines, most, present
from hm_kedro.tables import WEEK_DAYS, exact, pieces
from hm_kedro.timeline import Timeline

MOST_GROUPS = 15
LEAST_SHARE = 0.01  # of the sales, for a month whose seasons are shown
ONLINE = 2
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count_seasons(articles: DataFrame, transactions: DataFrame, timeline: dict[str, Any]) -> dict[str, Numbers]:
    """Count sales before the cutoff over time.

    Returns:
        `season`: `transactions` by `month` of the year (1 to 12) and garment `group`, of the MOST_GROUPS that sold
            most, in months with LEAST_SHARE of all sales or more.
        `weekdays`: `transactions` by `day` of the week (0 is Monday).
        `channels`: of each complete `week` the `online` share of the transactions whose channel is known; nothing of
            a shop with one channel.
        `price_level`: of each complete `week` the mean `price` paid and the `transactions` with a price.
    """
    line = Timeline.read(timeline)
    groups = articles.select("article", F.col("garment_group_name").alias("group")).where("group is not null")
    grouped = transactions.join(groups, "article")
    best = grouped.groupBy("group").agg(pieces().alias("sold")).orderBy(F.desc("sold"), "group").limit(MOST_GROUPS)
    season = (
        grouped.groupBy(F.month("t_dat").cast("int").alias("month"), "group")
        .agg(pieces().alias("transactions"))
        .join(best.select("group"), "group", "semi")
    )
    of_all = grouped.groupBy(F.month("t_dat").cast("int").alias("month")).agg(pieces().alias("all"))
    share = F.col("all") / F.sum("all").over(Window.partitionBy())
    busy = of_all.select("month", share.alias("share")).where(F.col("share") >= LEAST_SHARE)
    counts = {"season": collect(season.join(busy.select("month"), "month", "semi").orderBy("month", "group"))}
    if any(len(set(counts["season"][name])) == 1 for name in ("group", "month")):
        counts["season"] = {}
    monday_first = ((F.dayofweek("t_dat") + 5) % 7).cast("int").alias("day")
    weekly = (
        transactions.withColumn("week", F.date_sub(F.lit(line.cutoff), F.col("weeks_to_cutoff") * WEEK_DAYS))
        .where(F.col("week") >= F.lit(line.first_day))
        .groupBy("week")
    )
    known, online = F.col("sales_channel_id").isNotNull(), F.col("sales_channel_id") == ONLINE
    channels = weekly.agg((pieces(online) / F.nullif(pieces(known), F.lit(0))).alias("online")).orderBy("week")
    counts["channels"] = collect(channels)
    if set(counts["channels"]["online"]) - {None} in ({0.0}, {1.0}):
        counts["channels"] = {}
    priced = F.col("price").isNotNull()
    paid = F.sum(exact(F.col("price")) * F.col("quantity"))
    level = weekly.agg(
        (paid / F.nullif(pieces(priced), F.lit(0))).alias("price"), pieces(priced).alias("transactions")
    ).orderBy("week")
    return present(
        counts
        | {
            "weekdays": collect(transactions.groupBy(monday_first).agg(pieces().alias("transactions")).orderBy("day")),
            "price_level": collect(level),
        }
    )


def _seasons(numbers: Numbers) -> tuple[list[int], list[str], list[list[float | None]]]:
    """Each group's share of a month's transactions over its share of all, by group and month."""
    sold = {
        (group, month): count
        for month, group, count in zip(numbers["month"], numbers["group"], numbers["transactions"], strict=True)
    }
    months = sorted(set(numbers["month"]))
    groups = sorted(set(numbers["group"]), key=lambda group: -sum(sold.get((group, month), 0) for month in months))
    total = sum(numbers["transactions"])
    of_month = {month: sum(sold.get((group, month), 0) for group in groups) for month in months}
    of_group = {group: sum(sold.get((group, month), 0) for month in months) for group in groups}
    index = [
        [sold.get((group, month), 0) / of_month[month] / (of_group[group] / total) for month in months]
        for group in groups
    ]
    return months, groups, index


def _draw_season(numbers: Numbers) -> Any:
    months, groups, index = _seasons(numbers)
    titles = ("month", "garment group", "share of the month<br>over share of all")
    figure = heat([MONTHS[month - 1] for month in months], groups, index, titles, middle=1)
    figure.update_yaxes(autorange="reversed")
    return figure


def _read_season(numbers: Numbers) -> str:
    months, groups, index = _seasons(numbers)
    value, group, month = max(
        (index[row][column], groups[row], months[column]) for row in range(len(groups)) for column in range(len(months))
    )
    return f"The strongest season is that of {group} in {MONTHS[month - 1]}: {value:.1f} times its usual share."


def _draw_price_level(numbers: Numbers) -> Any:
    series = {name: numbers[name] for name in ("price", "transactions")}
    figure = lines(numbers["week"], series, "first day of the week", "mean price (publisher's unit)")
    figure.data[1].yaxis = "y2"
    sales = {"title": "transactions a week", "overlaying": "y", "side": "right", "rangemode": "tozero"}
    figure.update_layout(yaxis2=sales)
    return figure


def _read_price_level(numbers: Numbers) -> str:
    known = [(price, week) for price, week in zip(numbers["price"], numbers["week"], strict=True) if price is not None]
    (low, then), (high, when) = min(known), max(known)
    return f"The mean price was lowest in the week of {then}, {low:.4f}, and highest in that of {when}, {high:.4f}."


CHARTS = (
    Chart("season", "Seasons of garment groups", "no garment groups, or one month only", _draw_season, _read_season),
    Chart(
        "weekdays",
        "Sales by day of the week",
        "no sales",
        lambda n: bars([DAYS[day] for day in n["day"]], {"transactions": n["transactions"]}, "", "transactions"),
        lambda n: (
            f"Most is sold on {DAYS[most(n['day'], n['transactions'])]}s: "
            f"{max(n['transactions']) / sum(n['transactions']):.0%} of the transactions."
        ),
    ),
    Chart(
        "channels",
        "Online share of the transactions",
        "no channels, or one alone",
        lambda n: lines(
            n["week"], {"online": n["online"]}, "first day of the week", "share sold online", yaxis_tickformat=".0%"
        ),
        lambda n: (
            f"In the last week {n['online'][-1] or 0:.0%} of the transactions were online, in the first "
            f"{n['online'][0] or 0:.0%}."
        ),
    ),
    Chart(
        "price_level",
        "Price level and sales",
        "no prices",
        _draw_price_level,
        _read_price_level,
    ),
)
