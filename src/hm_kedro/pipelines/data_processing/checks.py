"""What rows say only together: one row an id, and ids that their own file has.

What a row says by itself was checked when it was read (`hm_kedro.raw`). No row is lost here: each table has a row per
raw row, and `rule` is missing on those that are sound.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.raw.values import PLACE
from hm_kedro.schemas import ARTICLE_ID, CUSTOMER_ID, RAW


def check_articles(raw_articles: DataFrame) -> DataFrame:
    """Find the rows of one article that differ, and number the articles (see `one_row_a_key`)."""
    return one_row_a_key(raw_articles, "articles", "article")


def check_customers(raw_customers: DataFrame) -> DataFrame:
    """Find the rows of one customer that differ, and number the customers (see `one_row_a_key`)."""
    return one_row_a_key(raw_customers, "customers", "customer")


def check_submission_lines(raw_submission: DataFrame) -> DataFrame:
    """Number the customers who are to get recommendations, in the order of the file (see `one_row_a_key`)."""
    return one_row_a_key(raw_submission, "sample_submission", "line")


def one_row_a_key(raw: DataFrame, table: str, number: str) -> DataFrame:
    """Keep one row of those that share a key and are equal; reject all of those that share it and differ.

    Args:
        raw: rows as they were read.
        table: whose contract they have.
        number: name of the column of numbers.

    Returns:
        One row per raw row, with `repeated` boolean: sound, but equal to an earlier row; and the number, int, dense
        from 0 in the order of the keys (of the lines for the submission), missing where the row is not kept.
    """
    key = RAW[table].key[0]
    sound = F.col("rule").isNull()
    place = F.col("chunk").cast("bigint") * F.lit(1 << 32) + F.col("line")
    values = [_written(column.name) for column in RAW[table].columns if column.name != key]
    versions = raw.where(sound).select(
        key, place.alias("place"), F.concat_ws("\x1f", F.lit(""), *values).alias("version")
    )
    # A window over each key would say the same at five times the time: nearly all have one row.
    keys = versions.groupBy(key).agg(
        F.min("place").alias("first_place"), (F.min("version") != F.max("version")).alias("differs")
    )
    in_order = Window.orderBy("first_place" if number == "line" else key)
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    numbered = keys.withColumn("number", (F.sum((~F.col("differs")).cast("int")).over(so_far) - 1).cast("int"))
    # Sail builds the hash table of a join on its left side.
    joined = numbered.join(raw, key, "right")
    contradictory = sound & F.col("differs")
    kept = sound & ~F.col("differs") & (place == F.col("first_place"))
    told = {
        "rule": F.when(contradictory, F.lit("contradictory")).otherwise(F.col("rule")),
        "column": F.when(contradictory, F.lit(key)).otherwise(F.col("column")),
        "value": F.when(contradictory, F.col(key)).otherwise(F.col("value")),
    }
    return joined.select(
        *[column.name for column in RAW[table].columns],
        *[told.get(name, F.col(name)).alias("file_line" if name == "line" else name) for name in PLACE],
        (sound & ~F.col("differs") & ~kept).alias("repeated"),
        F.when(kept, F.col("number")).alias(number),
    )


def _written(name: str) -> Column:
    """Write a value so that a missing one differs from any other."""
    return F.coalesce(F.concat(F.lit("="), F.col(name).cast("string")), F.lit(""))


def check_transactions(
    raw_transactions: DataFrame, checked_customers: DataFrame, checked_articles: DataFrame
) -> DataFrame:
    """Put keys in the place of ids, and find the ids that have none.

    Returns:
        One row per raw row: `t_dat`, `customer` and `article` int, `price`, `sales_channel_id`, `rule`, `column`,
        `value`; of its place, `chunk` and `file_line` only where they are needed to find the line of a rejected row.
    """
    customers = checked_customers.where("customer is not null").select("customer_id", "customer")
    articles = checked_articles.where("article is not null").select("article_id", "article")
    # In this order: Sail builds the hash table of a join on its left side, and a table of purchases fills the memory.
    joined = F.broadcast(articles).join(
        F.broadcast(customers).join(raw_transactions, "customer_id", "right"), "article_id", "right"
    )
    sound = F.col("rule").isNull()
    rule, at, value = F.col("rule"), F.col("column"), F.col("value")
    for name, number, form in (("article_id", "article", ARTICLE_ID), ("customer_id", "customer", CUSTOMER_ID)):
        lost = sound & F.col(number).isNull()
        formed = F.col(name).rlike(f"^(?:{form})$")
        rule = F.when(lost & formed, F.lit("unknown")).when(lost, F.lit("malformed")).otherwise(rule)
        at = F.when(lost, F.lit(name)).otherwise(at)
        value = F.when(lost, F.col(name)).otherwise(value)
    # Places of sound rows would be most of the table's bytes; the first rows of chunks tell how many lines those have.
    judged = joined.withColumns({"rule": rule, "column": at, "value": value})
    needed = F.col("rule").isNotNull() | F.col("chunk_lines").isNotNull()
    return judged.select(
        "t_dat",
        "customer",
        "article",
        "price",
        "sales_channel_id",
        "rule",
        "column",
        "value",
        "file",
        F.when(needed, F.col("chunk")).alias("chunk"),
        F.when(needed, F.col("line")).alias("file_line"),
        "chunk_lines",
    )
