"""The work of data_processing: parse, number, check, and draw the time line."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import DataProcessingParameters, parse_cutoff
from hm_kedro.schemas import RAW
from hm_kedro.timeline import Timeline

# Days without any purchase that may lie before a cutoff: shops close over holidays, logs have holes, but
# past a month the history says nothing about the week to come, and the cutoff is more likely mistyped.
MOST_SILENT_DAYS = 28


def parsed(table: str, column: str) -> Column:
    """Parse a raw text column to its type; what does not parse becomes missing, as does empty text."""
    kind = next(known.type for known in RAW[table] if known.name == column)
    text = F.when(F.trim(column) != "", F.trim(column))
    return text if kind == "string" else text.try_cast(kind)


def numbered(table: DataFrame, key: str, identity: str) -> DataFrame:
    """Give every row its int key: dense from 0, in the order of the ids."""
    return table.withColumn(key, (F.row_number().over(Window.orderBy(identity)) - 1).cast("int"))


def number_customers(raw_customers: DataFrame) -> DataFrame:
    """Number the customers and parse what is known of them; identical rows are one customer.

    Returns:
        One row per customer: `customer` int, `customer_id`, `fn` and `active` float (1 or missing),
        `club_member_status`, `fashion_news_frequency`, `age` int years, `postal_code`.
    """
    known = raw_customers.where(F.trim("customer_id") != "").select(
        F.trim("customer_id").alias("customer_id"),
        parsed("customers", "FN").alias("fn"),
        parsed("customers", "Active").alias("active"),
        parsed("customers", "club_member_status").alias("club_member_status"),
        parsed("customers", "fashion_news_frequency").alias("fashion_news_frequency"),
        parsed("customers", "age").try_cast("int").alias("age"),
        parsed("customers", "postal_code").alias("postal_code"),
    )
    return numbered(known.distinct(), "customer", "customer_id")


def number_articles(raw_articles: DataFrame) -> DataFrame:
    """Number the articles and parse their attributes; identical rows are one article.

    Returns:
        One row per article: `article` int, `product` int (dense, in the order of the product codes),
        then the raw file's columns.
    """
    columns = [parsed("articles", column.name).alias(column.name) for column in RAW["articles"]]
    known = raw_articles.where(F.trim("article_id") != "").select(*columns).distinct()
    products = numbered(known.select("product_code").distinct(), "product", "product_code")
    return numbered(known, "article", "article_id").join(products, "product_code", "left")


def encode_transactions(
    raw_transactions: DataFrame, customers: DataFrame, articles: DataFrame, cutoff: str
) -> tuple[DataFrame, DataFrame]:
    """Put int keys in the place of ids and part the purchases at the cutoff.

    Args:
        raw_transactions: lines of `transactions_train.csv`; equal lines are kept, they are quantity.
        cutoff: ISO date, or empty: then everything lies before it.

    Returns:
        The transactions before the cutoff and those from it on, each with `t_dat`, `customer` int,
        `article` int, `price` float, `sales_channel_id` int, ordered by the first three.
    """
    known = (
        raw_transactions.select(
            *[parsed("transactions_train", column.name).alias(column.name) for column in RAW["transactions_train"]]
        )
        .join(customers.select("customer_id", "customer"), "customer_id")
        .join(articles.select("article_id", "article"), "article_id")
        .where(F.col("t_dat").isNotNull())
        .select("t_dat", "customer", "article", "price", "sales_channel_id")
        .orderBy("t_dat", "customer", "article", "sales_channel_id", "price")
    )
    day = parse_cutoff(cutoff)
    if day is None:
        return known, known.limit(0)
    return known.where(F.col("t_dat") < F.lit(day)), known.where(F.col("t_dat") >= F.lit(day))


def check_transactions(
    raw_transactions: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    transactions: DataFrame,
    later_transactions: DataFrame,
    params: DataProcessingParameters,
) -> dict[str, Any]:
    """Count what was read, what was kept and why the rest was not.

    Returns:
        `rows`, `kept`, and per rule the rows that break it (a row may break several).

    Raises:
        HmKedroError: an id stands for two different customers or articles, or the share of rows that were
            not kept is above `max_rejected_share`.
    """
    _refuse_contradictions("customers", customers, "customer_id")
    _refuse_contradictions("articles", articles, "article_id")
    ids = raw_transactions.select(
        parsed("transactions_train", "t_dat").isNull().alias("no_date"),
        F.trim("customer_id").alias("customer_id"),
        F.trim("article_id").alias("article_id"),
    )
    found = ids.join(customers.select("customer_id", "customer"), "customer_id", "left").join(
        articles.select("article_id", "article"), "article_id", "left"
    )
    counts = found.agg(
        F.count("*").alias("rows"),
        F.count_if("no_date").alias("date_missing_or_unreadable"),
        F.count_if(F.col("customer").isNull()).alias("customer_unknown"),
        F.count_if(F.col("article").isNull()).alias("article_unknown"),
    ).first()
    quality: dict[str, Any] = counts.asDict() if counts else {}
    quality["kept"] = transactions.count() + later_transactions.count()
    rejected = quality["rows"] - quality["kept"]
    if rejected > params.max_rejected_share * quality["rows"]:
        rules = ", ".join(f"{rule} {count}" for rule, count in quality.items() if rule not in ("rows", "kept"))
        raise HmKedroError(
            f"transactions_train: {rejected} of {quality['rows']} rows can't be used ({rules}): mend the files or "
            "raise data_processing.max_rejected_share"
        )
    return quality


def _refuse_contradictions(name: str, table: DataFrame, identity: str) -> None:
    """Stop where an id has two rows that differ: each of its purchases would count twice."""
    twice = table.groupBy(identity).count().where(F.col("count") > 1).orderBy(identity).first()
    if twice is not None:
        raise HmKedroError(f"{name}: {identity} {twice[identity]} has rows that differ: keep one of them in the file")


def draw_timeline(transactions: DataFrame, later_transactions: DataFrame, cutoff: str, raw_dir: str) -> dict[str, Any]:
    """Find the days of the log and resolve the cutoff.

    Returns:
        A `Timeline` as JSON.

    Raises:
        HmKedroError: the log is empty, or the cutoff leaves no history or lies more than MOST_SILENT_DAYS
            past it.
    """
    days = F.min("t_dat").alias("first"), F.max("t_dat").alias("last")
    before, after = transactions.agg(*days).first(), later_transactions.agg(*days).first()
    asked = parse_cutoff(cutoff)
    if before is None or before["last"] is None:
        if after is None or after["first"] is None:
            raise HmKedroError(f"transactions_train in raw_dir '{raw_dir}' has no purchase: there is nothing to learn")
        raise HmKedroError(
            f"cutoff {asked} leaves no history, the first purchase is of {after['first']}: choose a cutoff from "
            f"{after['first'] + timedelta(days=1)} on"
        )
    last_day: date = before["last"]
    log_end: date = after["last"] if after is not None and after["last"] else last_day
    # By the history alone: were purchases after the cutoff to excuse it, they would be part of the answer.
    latest = last_day + timedelta(days=MOST_SILENT_DAYS + 1)
    if asked is not None and asked > latest:
        raise HmKedroError(
            f"cutoff {asked} lies {(asked - last_day).days} days past the last purchase before it, of {last_day}: "
            f"choose a cutoff up to {latest}, or leave it out"
        )
    timeline = Timeline(
        raw_dir=raw_dir,
        asked_cutoff=asked,
        cutoff=asked or last_day + timedelta(days=1),
        first_day=before["first"],
        last_day=last_day,
        log_end=log_end,
    )
    return timeline.model_dump(mode="json")


def number_submission_lines(raw_submission: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Number the lines of the submission: whom it is for, in the file's order.

    Returns:
        A stream of one row per line: `line` int64 from 0, `customer_id`.
    """
    schema = pa.schema([("line", pa.int64()), ("customer_id", pa.string())])

    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in raw_submission:
            lines = pa.array(range(start, start + batch.num_rows), pa.int64())
            yield pa.RecordBatch.from_arrays([lines, batch.column("customer_id")], schema=schema)
            start += batch.num_rows

    return pa.RecordBatchReader.from_batches(schema, batches())
