"""How much of the raw files was kept, and what was not and why."""

from collections import Counter
from datetime import date, timedelta
from functools import reduce
from itertools import pairwise
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.errors import HmKedroError, TooManyRejectedRowsError
from hm_kedro.parameters import DataProcessingParameters, parse_cutoff
from hm_kedro.timeline import WEEK, Timeline

# Days without any purchase that may lie before a cutoff, or before the last purchases of a log whose end is the
# cutoff: shops close over holidays, logs have holes, but past a month the history says nothing about the week to
# come, and the cutoff, or the last day, is more likely mistyped.
MOST_SILENT_DAYS = 28
FILES = {
    "articles": "articles",
    "customers": "customers",
    "transactions": "transactions_train",
    "submission_lines": "sample_submission",
}


def count_rows(
    checked_articles: DataFrame,
    checked_customers: DataFrame,
    checked_transactions: DataFrame,
    checked_submission_lines: DataFrame,
    cutoff: str,
    params: DataProcessingParameters,
) -> tuple[dict[str, Any], dict[str, int]]:
    """Count the rows of each file: one aggregation a table.

    Returns:
        `data_quality`: per table `rows`, the raw rows; `kept`; `rejected`; `by_rule`, the rejected ones by
        column and rule. `kept` has the `repeated`, which are one row of the table with those that they repeat;
        transactions outside of `history_weeks` are `left_out` and not `kept`.
        rows = kept + left_out + rejected.
        `purchases_a_day`: sound transactions by ISO day, in order of time.
    """
    quality: dict[str, Any] = {}
    tables = {
        "articles": checked_articles,
        "customers": checked_customers,
        "submission_lines": checked_submission_lines,
    }
    for name, table in tables.items():
        counted = table.groupBy("rule", "column", "repeated").agg(F.count("*").alias("count")).toArrow().to_pylist()
        quality[name] = _summed(counted)
        quality[name]["repeated"] = sum(row["count"] for row in counted if row["repeated"])
    by_day = F.when(F.col("rule").isNull(), F.col("t_dat")).alias("day")
    counted = checked_transactions.groupBy("rule", "column", by_day).agg(F.count("*").alias("count")).toArrow()
    purchases = counted.to_pylist()
    quality["transactions"] = _summed(purchases)
    days = dict(sorted((str(row["day"]), row["count"]) for row in purchases if row["rule"] is None))
    first = _first_selected(days, cutoff, params)
    left_out = sum(count for day, count in days.items() if first is not None and day < str(first))
    quality["transactions"]["kept"] -= left_out
    quality["transactions"]["left_out"] = left_out
    return {name: quality[name] for name in FILES}, days


def _summed(counted: list[dict[str, Any]]) -> dict[str, Any]:
    rejected = [row for row in counted if row["rule"] is not None]
    by_rule = {" ".join(filter(None, (row["column"], row["rule"]))): row["count"] for row in rejected}
    rows, lost = sum(row["count"] for row in counted), sum(by_rule.values())
    return {"rows": rows, "kept": rows - lost, "rejected": lost, "by_rule": dict(sorted(by_rule.items()))}


def _first_selected(days: dict[str, int], cutoff: str, params: DataProcessingParameters) -> date | None:
    """The first day of the history that is kept; None for all of it."""
    if params.history_weeks is None or not days:
        return None
    end = parse_cutoff(cutoff) or date.fromisoformat(max(days)) + timedelta(days=1)
    return end - params.history_weeks * WEEK


def collect_rejected_rows(
    checked_articles: DataFrame,
    checked_customers: DataFrame,
    checked_transactions: DataFrame,
    checked_submission_lines: DataFrame,
) -> DataFrame:
    """Gather the rows that are in no primary table.

    Returns:
        One row per rejected raw row: `file`, `line` of the file from 1 (in Parquet its row), `column` (missing where
        it is the row as a whole), `rule`, `value`; ordered by file and line.
    """
    tables = (checked_articles, checked_customers, checked_transactions, checked_submission_lines)
    located = [locate_rows(table) for table in tables]
    return reduce(lambda one, other: one.unionByName(other), located).orderBy("file", "line")


def locate_rows(checked: DataFrame) -> DataFrame:
    """Find the file and the line of the rejected rows from their chunks and their lines in them."""
    chunks = checked.where("chunk_lines is not null").select("chunk", "file", "chunk_lines")
    earlier = Window.partitionBy("file").orderBy("chunk").rowsBetween(Window.unboundedPreceding, -1)
    before = chunks.select("chunk", "file", F.coalesce(F.sum("chunk_lines").over(earlier), F.lit(0)).alias("before"))
    rejected = checked.where("rule is not null").drop("file")
    line = (F.col("before") + F.col("file_line")).cast("bigint").alias("line")
    return rejected.join(F.broadcast(before), "chunk").select("file", line, "column", "rule", "value")


def accept_log(
    data_quality: dict[str, Any],
    purchases_a_day: dict[str, int],
    cutoff: str,
    raw_dir: str,
    params: DataProcessingParameters,
) -> dict[str, Any]:
    """Refuse files that can't be worked with, and find the days of the log and the cutoff.

    This is before any primary table is written, so that a refused run leaves those of the run before.

    Returns:
        A `Timeline` as JSON.

    Raises:
        HmKedroError: more rows were rejected than `max_rejected_share` allows; there is no customer, article or
            purchase; the cutoff leaves no history, or it or the log's last day lies more than MOST_SILENT_DAYS past
            the purchases before it.
    """
    _refuse_too_many_rejects(data_quality, params)
    for name in ("articles", "customers"):
        if not data_quality[name]["kept"]:
            raise HmKedroError(f"{name} in raw_dir '{raw_dir}' has no rows: there is nobody or nothing to recommend")
    asked = parse_cutoff(cutoff)
    days = [date.fromisoformat(day) for day in purchases_a_day]
    if not days:
        raise HmKedroError(f"transactions_train in raw_dir '{raw_dir}' has no purchase: there is nothing to learn")
    history = [day for day in days if asked is None or day < asked]
    if not history:
        raise HmKedroError(
            f"cutoff {asked} leaves no history, the first purchase is of {days[0]}: choose a cutoff from "
            f"{days[0] + timedelta(days=1)} on"
        )
    last_day = history[-1]
    # By the history alone: were purchases after the cutoff to excuse it, they would be part of the answer.
    latest = last_day + timedelta(days=MOST_SILENT_DAYS + 1)
    if asked is not None and asked > latest:
        raise HmKedroError(
            f"cutoff {asked} lies {(asked - last_day).days} days past the last purchase before it, of {last_day}: "
            f"choose a cutoff up to {latest}, or leave it out"
        )
    if asked is None:
        _refuse_lonely_end(history)
    end = asked or last_day + timedelta(days=1)
    first = _first_selected(purchases_a_day, cutoff, params)
    selected = [day for day in history if first is None or day >= first]
    if not selected:
        raise HmKedroError(
            f"data_processing.history_weeks {params.history_weeks} leaves no purchase before {end}: choose more weeks"
        )
    timeline = Timeline(
        raw_dir=raw_dir,
        asked_cutoff=asked,
        history_weeks=params.history_weeks,
        cutoff=end,
        first_day=selected[0],
        last_day=last_day,
        log_end=days[-1],
        purchases=_count_weeks(purchases_a_day, selected, end),
    )
    return timeline.model_dump(mode="json")


def _count_weeks(purchases_a_day: dict[str, int], days: list[date], end: date) -> dict[date, int]:
    """Count the purchases of the weeks before a day, the newest first, by their first days."""
    weeks: Counter[date] = Counter()
    for day in reversed(days):
        weeks[end - WEEK * -(-(end - day) // WEEK)] += purchases_a_day[day.isoformat()]
    return dict(weeks)


def _refuse_too_many_rejects(data_quality: dict[str, Any], params: DataProcessingParameters) -> None:
    over = [
        name for name, counts in data_quality.items() if counts["rejected"] > params.max_rejected_share * counts["rows"]
    ]
    if over:
        told = "; ".join(
            f"{FILES[name]} {data_quality[name]['rejected']:,} of {data_quality[name]['rows']:,} rows "
            f"({', '.join(f'{rule} {count:,}' for rule, count in data_quality[name]['by_rule'].items())})"
            for name in over
        )
        raise TooManyRejectedRowsError(
            f"too many rows can't be used, {told}: see rejected_rows for their lines, mend the files or raise "
            "data_processing.max_rejected_share"
        )


def _refuse_lonely_end(history: list[date]) -> None:
    """Refuse last days that lie far past all others: one mistyped year would move the cutoff by so much."""
    end = history[-1] + timedelta(days=1)
    for earlier, later in pairwise(history):
        gap = (later - earlier).days
        if gap > MOST_SILENT_DAYS and end - later < WEEK:
            raise HmKedroError(
                f"the last purchases, from {later} on, lie {gap} days past those before them, of {earlier}: choose "
                f"cutoff={earlier + timedelta(days=1)}, or cutoff={end} if their days are right"
            )
