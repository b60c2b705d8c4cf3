"""Who the customers are, how much and how regularly they buy, and whether they come back."""

from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.chart import Chart, Numbers, bars, collect, counted, heat, lines, median, most, present
from hm_kedro.tables import WEEK_DAYS, pieces

MOST_DAYS = 120  # between two shopping days, in the figure
MONTH_WEEKS = 4
MOST_WEEKS = 53  # since a purchase, in the figures; what is longer ago counts there


def count_customers(customers: DataFrame, transactions: DataFrame) -> dict[str, Numbers]:
    """Count customers by what is known of them and by what they did before the cutoff.

    Returns:
        `ages`, `club_status`, `fashion_news`: `customers` and, of them, `buyers` by value.
        `purchases_a_customer`: `customers` by pieces bought, in classes from `at_least` to below twice as many.
        `days_between`: `gaps` between two shopping days of a customer by `days`, up to MOST_DAYS.
        `recency`: `buyers` of the last week by `weeks` since they had bought before it, from 1; 0 for never.
        `retention`: `customers` of a month of first purchase who bought so many `months` later.
        `repeats`: purchases of an article that the customer had bought on an earlier day, by `weeks` since.
    """
    bought = transactions.groupBy("customer").agg(pieces().alias("pieces"))
    # By its binary digits: logarithms of the engines differ in their last bit.
    class_of = (F.length(F.bin(F.col("pieces").cast("bigint"))) - 1).cast("int")
    amounts = bought.groupBy(class_of.alias("class")).agg(F.count("*").alias("customers")).orderBy("class")
    classes = collect(amounts)
    return present(
        {
            "ages": _by_value(customers, "age"),
            "club_status": _several(_by_value(customers, "club_member_status")),
            "fashion_news": _several(_by_value(customers, "fashion_news_frequency")),
            "purchases_a_customer": {
                "at_least": [2**number for number in classes["class"]],
                "customers": classes["customers"],
            },
            "days_between": collect(_gaps(transactions)),
            "recency": collect(_recency(transactions)),
            "retention": collect(_retention(transactions)),
            "repeats": collect(_repeats(transactions)),
        }
    )


def _by_value(customers: DataFrame, column: str) -> Numbers:
    known = customers.where(F.col(column).isNotNull()).groupBy(F.col(column).alias("value"))
    counted = known.agg(F.count("*").alias("customers"), F.count_if("buyer").alias("buyers"))
    return collect(counted.orderBy("value"))


def _several(numbers: Numbers) -> Numbers:
    """Nothing where all have the same value."""
    return numbers if len(numbers["value"]) > 1 else {}


def _gaps(transactions: DataFrame) -> DataFrame:
    days = transactions.select("customer", "t_dat").distinct()
    before = F.lag("t_dat").over(Window.partitionBy("customer").orderBy("t_dat"))
    gaps = days.select(F.datediff("t_dat", before).cast("int").alias("days"))
    return gaps.where(F.col("days") <= MOST_DAYS).groupBy("days").agg(F.count("*").alias("gaps")).orderBy("days")


def _recency(transactions: DataFrame) -> DataFrame:
    buyers = transactions.where("weeks_to_cutoff = 1").select("customer").distinct()
    earlier = transactions.where("weeks_to_cutoff > 1").groupBy("customer").agg(F.min("weeks_to_cutoff").alias("last"))
    since = F.least(F.col("last") - 1, F.lit(MOST_WEEKS))
    weeks = F.when(F.col("last").isNotNull(), since).otherwise(0).cast("int").alias("weeks")
    return buyers.join(earlier, "customer", "left").groupBy(weeks).agg(F.count("*").alias("buyers")).orderBy("weeks")


def _retention(transactions: DataFrame) -> DataFrame:
    month = (F.year("t_dat") * 12 + F.month("t_dat") - 1).cast("int")
    active = transactions.select("customer", month.alias("month")).distinct()
    first = active.groupBy("customer").agg(F.min("month").alias("first"))
    counted = active.join(first, "customer").groupBy("first", (F.col("month") - F.col("first")).alias("months"))
    name = F.concat_ws(
        "-", F.floor(F.col("first") / 12).cast("int"), F.lpad((F.col("first") % 12 + 1).cast("string"), 2, "0")
    )
    return (
        counted.agg(F.count("*").alias("customers"))
        .select(name.alias("first"), "months", "customers")
        .orderBy("first", "months")
    )


def _repeats(transactions: DataFrame) -> DataFrame:
    # Nearly all pairs have one day: a window over all of them would take most of the time.
    pairs = transactions.groupBy("customer", "article").agg(F.min("t_dat").alias("first"), F.max("t_dat").alias("last"))
    again = pairs.where(F.col("first") < F.col("last")).select("customer", "article")
    days = again.join(transactions.select("customer", "article", "t_dat"), ["customer", "article"]).distinct()
    before = F.lag("t_dat").over(Window.partitionBy("customer", "article").orderBy("t_dat"))
    since = days.select(F.datediff("t_dat", before).cast("int").alias("days")).where("days is not null")
    weeks = F.least(F.ceil(F.col("days") / F.lit(WEEK_DAYS)), F.lit(MOST_WEEKS)).cast("int").alias("weeks")
    return since.groupBy(weeks).agg(F.count("*").alias("purchases")).orderBy("weeks")


def _draw_values(axis: str) -> Any:
    def draw(numbers: Numbers) -> Any:
        series = {name: numbers[name] for name in ("customers", "buyers")}
        return bars(numbers["value"], series, axis, "customers")

    return draw


def _draw_amounts(numbers: Numbers) -> Any:
    figure = lines(numbers["at_least"], {"customers": numbers["customers"]}, "pieces bought, at least", "customers")
    figure.update_traces(mode="lines+markers")
    figure.update_xaxes(type="log", tickvals=numbers["at_least"])
    figure.update_yaxes(type="log", rangemode="normal", dtick=1)
    return figure


def _draw_recency(numbers: Numbers) -> Any:
    names = ["never" if weeks == 0 else str(weeks) for weeks in numbers["weeks"]]
    axis = f"weeks since their purchase before ({MOST_WEEKS}: or longer)"
    figure = bars(names, {"buyers": numbers["buyers"]}, axis, "buyers of the last week")
    figure.update_xaxes(nticks=15, tickangle=0)
    return figure


def _draw_retention(numbers: Numbers) -> Any:
    months = sorted(set(numbers["months"]) - {0})
    firsts = sorted(set(numbers["first"]))
    count = {
        (first, month): customers
        for first, month, customers in zip(numbers["first"], numbers["months"], numbers["customers"], strict=True)
    }
    shares = [
        [count[first, month] / count[first, 0] if (first, month) in count else None for month in months]
        for first in firsts
    ]
    figure = heat(months, firsts, shares, ("months later", "month of first purchase", "share who bought"))
    figure.update_xaxes(dtick=1)
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_traces(colorbar_tickformat=".0%")
    return figure


def _read_retention(numbers: Numbers) -> str:
    rows = list(zip(numbers["first"], numbers["months"], numbers["customers"], strict=True))
    again = {first: customers for first, months, customers in rows if months == 1}
    # The last month's new customers have had no month to come back in.
    started = sum(customers for first, months, customers in rows if months == 0 and first in again)
    if not again:
        return "Nobody bought in the month after that of their first purchase."
    share = sum(again.values()) / started
    return f"{share:.1%} of the customers bought in the month after that of their first purchase."


def _read_values(numbers: Numbers) -> str:
    value = most(numbers["value"], numbers["customers"])
    share = max(numbers["customers"]) / sum(numbers["customers"])
    return f"{share:.1%} of those whose value is known are {value}."


def _read_ages(numbers: Numbers) -> str:
    age = median(numbers["value"], numbers["customers"])
    common = most(numbers["value"], numbers["customers"])
    return f"Half of the customers whose age is known are {age} or younger; the commonest age is {common}."


def _share_up_to(numbers: Numbers, by: str, count: str, bound: int) -> float:
    up_to = sum(n for value, n in zip(numbers[by], numbers[count], strict=True) if value <= bound)
    return float(up_to / sum(numbers[count]))


def _read_recency(numbers: Numbers) -> str:
    new = sum(n for weeks, n in zip(numbers["weeks"], numbers["buyers"], strict=True) if weeks == 0)
    month = sum(n for weeks, n in zip(numbers["weeks"], numbers["buyers"], strict=True) if 1 <= weeks <= MONTH_WEEKS)
    every = sum(numbers["buyers"])
    return (
        f"Of the last week's {every:,} buyers {month / every:.0%} had bought in the four weeks before, "
        f"{new / every:.0%} never."
    )


CHARTS = (
    Chart("ages", "Ages of the customers", "no ages", _draw_values("age (years)"), _read_ages),
    Chart("club_status", "Club status", "no club status, or all the same", _draw_values("club status"), _read_values),
    Chart(
        "fashion_news", "Fashion news", "no news frequency, or all the same", _draw_values("fashion news"), _read_values
    ),
    Chart(
        "purchases_a_customer",
        "Pieces bought by a customer",
        "no purchases",
        _draw_amounts,
        lambda n: f"{_share_up_to(n, 'at_least', 'customers', 4):.0%} of the buyers bought fewer than 8 pieces.",
    ),
    Chart(
        "days_between",
        "Days between two shopping days of a customer",
        "no customer came twice",
        lambda n: bars(n["days"], {"gaps": n["gaps"]}, "days between", "pairs of shopping days"),
        lambda n: (
            f"Of the gaps of up to {MOST_DAYS} days {_share_up_to(n, 'days', 'gaps', 7):.0%} are of a week at most; "
            f"the commonest is of {counted(most(n['days'], n['gaps']), 'day')}."
        ),
    ),
    Chart(
        "recency",
        "When the last week's buyers had bought before",
        "no purchase in the last week",
        _draw_recency,
        _read_recency,
    ),
    Chart(
        "retention",
        "Who bought again, by month of first purchase",
        "less than two months",
        _draw_retention,
        _read_retention,
    ),
    Chart(
        "repeats",
        "An article bought again: weeks since",
        "no article was bought again on another day",
        lambda n: bars(
            n["weeks"], {"purchases": n["purchases"]}, f"weeks since ({MOST_WEEKS}: or longer)", "purchases"
        ),
        lambda n: f"{_share_up_to(n, 'weeks', 'purchases', 4):.0%} of the repeated purchases come within four weeks.",
    ),
)
