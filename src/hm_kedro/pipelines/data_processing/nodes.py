"""From checked rows to the primary tables."""

from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.errors import HmKedroError
from hm_kedro.schemas import ATTRIBUTES, PRIMARY, RAW
from hm_kedro.timeline import Timeline

WEEK_DAYS = 7


def build_transactions(checked_transactions: DataFrame, accepted_log: dict[str, Any]) -> tuple[DataFrame, DataFrame]:
    """Count equal purchases as quantity and part them at the cutoff.

    Returns:
        The transactions before the cutoff, of the weeks that are kept, and those from the cutoff on. One row per
        (`t_dat`, `customer`, `article`, `price`, `sales_channel_id`) with `quantity` int and `weeks_to_cutoff` int,
        1 for the seven days before the cutoff; sorted by week, customer, day and article.
    """
    log = Timeline.read(accepted_log)
    cutoff = F.lit(log.cutoff)
    days = F.datediff(cutoff, "t_dat").cast("int")
    week = F.ceil(days / F.lit(WEEK_DAYS)).cast("int").alias("weeks_to_cutoff")
    sound = checked_transactions.where(F.col("rule").isNull())

    def counted(purchases: DataFrame) -> DataFrame:
        by = PRIMARY["transactions"].key
        return (
            purchases.groupBy(*by, week)
            .agg(F.count("*").cast("int").alias("quantity"))
            .repartition("weeks_to_cutoff")
            .sortWithinPartitions("weeks_to_cutoff", "customer", "t_dat", "article", "sales_channel_id", "price")
            .select(*by, "quantity", "weeks_to_cutoff")
        )

    history = sound.where((F.col("t_dat") < cutoff) & (F.col("t_dat") >= F.lit(log.first_day)))
    return counted(history), counted(sound.where(F.col("t_dat") >= cutoff))


def build_customers(checked_customers: DataFrame, transactions: DataFrame) -> DataFrame:
    """Keep one row a customer of the file, and tell who bought.

    Returns:
        One row per customer (see `schemas.PRIMARY`); `buyer` boolean is of the whole history before the cutoff, so
        no feature of an earlier week.
    """
    buyers = transactions.select("customer").distinct().withColumn("buyer", F.lit(True))
    known = checked_customers.where("customer is not null").join(buyers, "customer", "left")
    told = [F.col(column.name).alias(column.name.lower()) for column in RAW["customers"].columns]
    buyer = F.coalesce("buyer", F.lit(False)).alias("buyer")
    return known.select("customer", *told, buyer).orderBy("customer")


def build_articles(checked_articles: DataFrame, transactions: DataFrame) -> DataFrame:
    """Keep one row an article of the file, with codes of its product and attributes and its days on sale.

    Returns:
        One row per article (see `schemas.PRIMARY`); `first_day` and `last_day` are of the whole history before the
        cutoff, so no features of an earlier week.
    """
    sold = transactions.groupBy("article").agg(F.min("t_dat").alias("first_day"), F.max("t_dat").alias("last_day"))
    known = checked_articles.where("article is not null").join(sold, "article", "left")
    in_order = Window.orderBy("product_code")
    products = known.select("product_code").where("product_code is not null").distinct()
    numbered = products.select("product_code", (F.row_number().over(in_order) - 1).cast("int").alias("product"))
    # The names of an attribute are few: all of them in one row, in their order, serve to number them.
    names = known.agg(*[F.array_sort(F.collect_set(f"{name}_name")).alias(f"{name}_names") for name in ATTRIBUTES])
    codes = {
        name: (F.array_position(f"{name}_names", F.col(f"{name}_name")) - 1).cast("smallint") for name in ATTRIBUTES
    }
    coded = known.join(F.broadcast(numbered), "product_code", "left").crossJoin(F.broadcast(names)).withColumns(codes)
    return coded.select(*[column.name for column in PRIMARY["articles"].columns]).orderBy("article")


def build_submission_lines(checked_submission_lines: DataFrame, _accepted_log: dict[str, Any]) -> DataFrame:
    """Keep one line a customer who is to get recommendations, once the log is accepted as a whole.

    Returns:
        One row per line: `line` int from 0 in the file's order, `customer_id`.
    """
    return checked_submission_lines.where("line is not null").select("line", "customer_id").orderBy("line")


def draw_timeline(
    accepted_log: dict[str, Any],
    data_quality: dict[str, Any],
    articles: DataFrame,
    customers: DataFrame,
    transactions: DataFrame,
    later_transactions: DataFrame,
    submission_lines: DataFrame,
) -> dict[str, Any]:
    """Make sure that the primary tables hold all that was kept, and let the other pipelines have them.

    Returns:
        A `Timeline` as JSON.

    Raises:
        HmKedroError: a table holds more or less than was kept.
    """
    pieces = F.coalesce(F.sum("quantity"), F.lit(0)).alias("rows")
    rows = F.count("*").alias("rows")
    held = {
        "articles": _first(articles.agg(rows)),
        "customers": _first(customers.agg(rows)),
        "transactions": _first(transactions.agg(pieces)) + _first(later_transactions.agg(pieces)),
        "submission_lines": _first(submission_lines.agg(rows)),
    }
    for name, count in held.items():
        kept = data_quality[name]["kept"] - data_quality[name].get("repeated", 0)
        if count != kept:
            raise HmKedroError(f"{name} holds {count:,} rows where {kept:,} were kept: run data_processing again")
    return accepted_log


def _first(counted: DataFrame) -> int:
    row = counted.first()
    return int(row["rows"]) if row else 0
