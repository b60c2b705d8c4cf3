"""What is sold: by attribute, at which price, for how long, and how unevenly."""

from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.chart import Chart, Numbers, bars, collect, counted, lines, median, most, present
from hm_kedro.tables import LIST_LENGTH, WEEK_DAYS, pieces
from hm_kedro.timeline import Timeline

# The attributes whose sales are shown, with the names of their axes.
ATTRIBUTES = {
    "index_group": "index group",
    "section": "section",
    "garment_group": "garment group",
    "product_type": "product type",
    "colour_group": "colour",
    "graphical_appearance": "appearance",
}
MOST_VALUES = 20
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
RANKED_WEEKS = 8
LAST_WEEK = 1  # to the cutoff
POINTS = 100  # of the Lorenz curve


def count_assortment(articles: DataFrame, transactions: DataFrame, timeline: dict[str, Any]) -> dict[str, Numbers]:
    """Count articles and their sales before the cutoff.

    Returns:
        `sales_by_<attribute>`: `transactions` and `articles` of the MOST_VALUES values that sold most.
        `prices`: QUANTILES of the price paid by index group (of all where there is none), weighted by pieces.
        `lives`: `articles` by `weeks` from their first to their last sale.
        `new_articles`: `articles` first sold in a `week`, without the log's first four weeks.
        `concentration`: share of `transactions` of the least sold share of `articles` that were sold.
        `top_articles`: `rank` in the last RANKED_WEEKS weeks of the LIST_LENGTH bestsellers of the last one.
        `variants`: `products` by how many `articles` they have; 10 stands for more, too.
    """
    line = Timeline.read(timeline)
    sold = transactions.groupBy("article").agg(pieces().alias("pieces"))
    known = articles.join(sold, "article", "left").na.fill(0, ["pieces"])
    counts = {f"sales_by_{name}": collect(_by_attribute(known, f"{name}_name")) for name in ATTRIBUTES}
    counts = {name: numbers for name, numbers in counts.items() if len(numbers["value"]) > 1}
    variants = collect(_variants(articles))
    several = len(counts.get("sales_by_index_group", {}).get("value", [])) > 1
    return present(
        counts
        | {
            "prices": collect(_prices(articles, transactions, by_group=several)),
            "lives": collect(_lives(articles)),
            "new_articles": collect(_new_articles(articles, line)),
            "concentration": collect(_concentration(sold)),
            "top_articles": collect(_top_articles(articles, transactions)),
            "variants": variants if len(variants["articles"]) > 1 else {},
        }
    )


def _by_attribute(articles: DataFrame, column: str) -> DataFrame:
    known = articles.where(F.col(column).isNotNull()).groupBy(F.col(column).alias("value"))
    counted = known.agg(F.sum("pieces").alias("transactions"), F.count("*").alias("articles"))
    return counted.orderBy(F.desc("transactions"), "value").limit(MOST_VALUES)


def _prices(articles: DataFrame, transactions: DataFrame, *, by_group: bool) -> DataFrame:
    group = F.col("index_group_name") if by_group else F.lit("all")
    priced = transactions.where(F.col("price").isNotNull()).join(
        articles.select("article", group.alias("group")), "article"
    )
    # Exact quantiles: there are thousands of different prices, not millions.
    counted = priced.where(F.col("group").isNotNull()).groupBy("group", "price").agg(pieces().alias("pieces"))
    of_group = Window.partitionBy("group")
    so_far = of_group.orderBy("price").rowsBetween(Window.unboundedPreceding, Window.currentRow)
    share = (F.sum("pieces").over(so_far) / F.sum("pieces").over(of_group)).alias("share")
    cumulated = counted.select("group", "price", "pieces", share)
    quantiles = [
        F.min(F.when(F.col("share") >= quantile, F.col("price"))).alias(f"q{round(quantile * 100)}")
        for quantile in QUANTILES
    ]
    return cumulated.groupBy("group").agg(F.sum("pieces").alias("transactions"), *quantiles).orderBy("q50", "group")


def _lives(articles: DataFrame) -> DataFrame:
    weeks = (F.floor(F.datediff("last_day", "first_day") / F.lit(WEEK_DAYS)) + 1).cast("int").alias("weeks")
    return articles.where("first_day is not null").groupBy(weeks).agg(F.count("*").alias("articles")).orderBy("weeks")


def _new_articles(articles: DataFrame, line: Timeline) -> DataFrame:
    back = F.ceil(F.datediff(F.lit(line.cutoff), "first_day") / F.lit(WEEK_DAYS)).cast("int")
    week = F.date_sub(F.lit(line.cutoff), back * WEEK_DAYS)
    # What is first seen at the log's beginning may be old.
    late = articles.where(F.datediff("first_day", F.lit(line.first_day)) >= 4 * WEEK_DAYS)
    return late.groupBy(week.alias("week")).agg(F.count("*").alias("articles")).orderBy("week")


def _concentration(sold: DataFrame) -> DataFrame:
    in_order = Window.orderBy("pieces", "article")
    ranked = sold.select(
        "pieces",
        F.row_number().over(in_order).alias("place"),
        F.sum("pieces").over(in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)).alias("so_far"),
    )
    total = sold.agg(F.count("*").alias("count"), F.sum("pieces").alias("total"))
    point = F.floor((F.col("place") - 1) * POINTS / F.col("count")).cast("int").alias("point")
    # One number a row of the curve; Gini's coefficient comes from all articles, not from the points.
    weighted = (2 * F.col("place") - F.col("count") - 1) * F.col("pieces")
    curve = (
        ranked.crossJoin(total)
        .groupBy(point)
        .agg(
            (F.max("place") / F.first("count")).alias("articles"),
            (F.max("so_far") / F.first("total")).alias("transactions"),
            (F.sum(weighted) / (F.first("count") * F.first("total"))).alias("gini_part"),
        )
    )
    return curve.orderBy("point").drop("point")


def _top_articles(articles: DataFrame, transactions: DataFrame) -> DataFrame:
    late = transactions.where(F.col("weeks_to_cutoff") <= RANKED_WEEKS)
    weekly = late.groupBy("weeks_to_cutoff", "article").agg(pieces().alias("pieces"))
    best_first = Window.partitionBy("weeks_to_cutoff").orderBy(F.desc("pieces"), "article")
    ranked = weekly.withColumn("rank", F.row_number().over(best_first).cast("int"))
    top = ranked.where((F.col("weeks_to_cutoff") == LAST_WEEK) & (F.col("rank") <= LIST_LENGTH))
    chosen = top.select("article", F.col("rank").alias("last_rank"))
    named = articles.select("article", "article_id", "prod_name", "colour_group_name", "product_type_name")
    return (
        ranked.join(F.broadcast(chosen), "article")
        .join(named, "article")
        .select("last_rank", "weeks_to_cutoff", "rank", "pieces", *named.columns[1:])
        .orderBy("last_rank", F.desc("weeks_to_cutoff"))
    )


def _variants(articles: DataFrame) -> DataFrame:
    sizes = articles.where("product is not null").groupBy("product").agg(F.count("*").alias("size"))
    size = F.least("size", F.lit(10)).cast("int").alias("articles")
    return sizes.groupBy(size).agg(F.count("*").alias("products")).orderBy("articles")


def _sales_chart(name: str, axis: str) -> Chart:
    def read(numbers: Numbers) -> str:
        share = numbers["transactions"][0] / sum(numbers["transactions"])
        return f"{numbers['value'][0]} sells most: {share:.0%} of the transactions of those shown."

    return Chart(
        f"sales_by_{name}",
        f"Sales by {axis}",
        f"articles have no {axis}, or all the same",
        lambda n: bars(n["value"], {"transactions": n["transactions"]}, "", "transactions", across=True),
        read,
    )


def _draw_prices(numbers: Numbers) -> Any:
    figure = bars(numbers["group"], {}, "", "price paid (publisher's unit)", across=True)
    figure.add_box(
        y=numbers["group"],
        lowerfence=numbers["q5"],
        q1=numbers["q25"],
        median=numbers["q50"],
        q3=numbers["q75"],
        upperfence=numbers["q95"],
        orientation="h",
        marker_color="#0072B2",
        name="5, 25, 50, 75, 95 % of the pieces",
    )
    return figure


def _draw_concentration(numbers: Numbers) -> Any:
    shares = [0.0, *numbers["articles"]], [0.0, *numbers["transactions"]]
    figure = lines(
        shares[0], {"sales": shares[1]}, "share of the articles sold, least sold first", "share of transactions"
    )
    figure.add_scatter(x=[0, 1], y=[0, 1], name="equal sales", mode="lines", line={"color": "#000000", "dash": "dot"})
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(tickformat=".0%")
    return figure


def _draw_top(numbers: Numbers) -> Any:
    ranks: dict[str, dict[int, int]] = {}
    for last, week, rank, name, colour in zip(
        *[numbers[key] for key in ("last_rank", "weeks_to_cutoff", "rank", "prod_name", "colour_group_name")],
        strict=True,
    ):
        ranks.setdefault(f"{last}. {name or 'article'}, {colour or 'no colour'}", {})[week] = rank
    weeks = list(range(RANKED_WEEKS, 0, -1))
    series = {name: [of_week.get(week) for week in weeks] for name, of_week in ranks.items()}
    figure = lines(weeks, series, "weeks to the cutoff", "rank of the week")
    figure.update_traces(mode="lines+markers", connectgaps=False)
    figure.update_xaxes(autorange="reversed", dtick=1)
    figure.update_yaxes(autorange="reversed", type="log", rangemode="normal", tickvals=[1, 3, 12, 50, 200, 1000])
    figure.update_layout(legend={"orientation": "v", "y": 1, "x": 1.02}, hovermode="closest")
    return figure


def _read_top(numbers: Numbers) -> str:
    ranked = zip(numbers["weeks_to_cutoff"], numbers["rank"], strict=True)
    stayed = sum(week == LAST_WEEK + 1 and rank <= LIST_LENGTH for week, rank in ranked)
    return f"{stayed} of the last week's {LIST_LENGTH} bestsellers were among those of the week before."


def _read_prices(numbers: Numbers) -> str:
    said = [f"{price:.4f} or less of {group}" for group, price in zip(numbers["group"], numbers["q50"], strict=True)]
    return f"Half of the pieces sold cost {said[0]}, and {said[-1]}." if said[1:] else f"Half cost {said[0]} articles."


def _read_lives(numbers: Numbers) -> str:
    weeks = counted(median(numbers["weeks"], numbers["articles"]), "week")
    return f"Half of the articles sold have a life of {weeks} or less from first to last sale."


CHARTS = (
    *[_sales_chart(name, axis) for name, axis in ATTRIBUTES.items()],
    Chart(
        "prices",
        "Prices paid",
        "no prices",
        _draw_prices,
        _read_prices,
    ),
    Chart(
        "lives",
        "Weeks from an article's first to its last sale",
        "no sales",
        lambda n: bars(n["weeks"], {"articles": n["articles"]}, "weeks", "articles"),
        _read_lives,
    ),
    Chart(
        "new_articles",
        "Articles first sold in a week",
        "less than five weeks",
        lambda n: lines(n["week"], {"articles": n["articles"]}, "first day of the week", "articles"),
        lambda n: (
            f"On average {sum(n['articles']) / len(n['articles']):,.0f} articles a week are new; most came in the week "
            f"of {most(n['week'], n['articles'])}."
        ),
    ),
    Chart(
        "concentration",
        "How unevenly articles sell (Lorenz curve)",
        "no sales",
        _draw_concentration,
        lambda n: (
            f"The Gini coefficient of sales is {sum(n['gini_part']):.2f}; the most sold hundredth of the articles has "
            f"{1 - n['transactions'][-2]:.0%} of the transactions."
            if len(n["transactions"]) == POINTS
            else f"The Gini coefficient of sales is {sum(n['gini_part']):.2f}."
        ),
    ),
    Chart(
        "top_articles",
        f"The last week's {LIST_LENGTH} bestsellers and how they came there",
        "no sales in the last week",
        _draw_top,
        _read_top,
    ),
    Chart(
        "variants",
        "Articles (colours) a product",
        "articles have no products, or all as many",
        lambda n: bars(n["articles"], {"products": n["products"]}, "articles a product (10: or more)", "products"),
        lambda n: (
            f"{n['products'][0] / sum(n['products']):.0%} of the products have {n['articles'][0]} article"
            f"{'s' if n['articles'][0] > 1 else ''} only."
        ),
    ),
)
