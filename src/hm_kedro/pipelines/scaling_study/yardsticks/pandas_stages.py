"""Stages in pandas and numpy, on one thread but for the reading of Parquet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from hm_kedro.pipelines.scaling_study.yardsticks import pandas_reading
from hm_kedro.pipelines.scaling_study.yardsticks.pandas_articles import count_days, describe_week
from hm_kedro.pipelines.scaling_study.yardsticks.pandas_related import relate_week
from hm_kedro.pipelines.scaling_study.yardsticks.tables import read_table, target_weeks, write_table
from hm_kedro.timeline import EPOCH, newest_days, week_days

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from hm_kedro.pipelines.scaling_study.yardsticks import Work


def read(work: Work) -> None:
    """Make the primary tables of plain CSV files (see `pandas_reading`)."""
    pandas_reading.process(work.raw, work.output, work.params.cutoff, work.params.data_processing.history_weeks)


def relate_articles(work: Work) -> None:
    """Find the articles that are bought by the same customers, as `als_candidates.related.relate_articles` does.

    Sums are of doubles in another order, so similarities may differ in their last bits, and where they do the ranks of
    equals.
    """
    params = work.params.related
    transactions = _read_transactions(work, "t_dat", "customer", "article")
    days = transactions["t_dat"].to_numpy()
    counts = np.bincount(days)
    sold = {EPOCH + timedelta(int(day)): int(counts[day]) for day in np.flatnonzero(counts)}
    parts = []
    for week in target_weeks(work):
        age_days = week_days(week) - days
        window = newest_days(params.max_purchases, sold, week, params.window_days)
        kept = (age_days >= 1) & (age_days <= window)
        history = pd.DataFrame({name: transactions[name].to_numpy()[kept] for name in ("customer", "article")})
        history["age_days"] = age_days[kept]
        parts.append(_of_week(week, relate_week(history, params)))
    columns = ["week", "article", "related", "similarity", "customers", "rank"]
    write_table(work, "04_feature/related_articles", pa.concat_tables(parts).select(columns))


def describe_articles(work: Work) -> None:
    """Describe how each article sold, as the nodes `count_days` and `describe_articles` of lgbm_ranking do."""
    customers = read_table(work, "03_primary/customers", ["customer", "age"]).sort_by("customer")
    articles = read_table(work, "03_primary/articles", ["article", "product"]).to_pandas().set_index("article")
    columns = ("t_dat", "customer", "article", "price", "sales_channel_id", "quantity")
    article_days = count_days(_read_transactions(work, *columns), customers["age"].to_numpy())
    features = pa.concat_tables(
        _of_week(week, describe_week(article_days, articles["product"], week_days(week), work.params.features))
        for week in target_weeks(work)
    )
    write_table(work, "04_feature/article_features", features)
    days = pa.Table.from_pandas(article_days, preserve_index=False)
    write_table(work, "04_feature/article_days", days.set_column(1, "t_dat", days["t_dat"].cast(pa.date32())))


def _read_transactions(work: Work, *columns: str) -> pa.Table:
    """Read columns of the transactions, `t_dat` as days from 1970."""
    pa.set_cpu_count(work.threads)
    table = read_table(work, "03_primary/transactions", list(columns))
    place = columns.index("t_dat")
    return table.set_column(place, "t_dat", table["t_dat"].cast(pa.int32()))


def _of_week(week: date, rows: pd.DataFrame) -> pa.Table:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    return table.add_column(0, "week", pa.repeat(pa.scalar(week, pa.date32()), len(rows)))


STAGES: dict[str, Callable[[Work], None]] = {
    "read": read,
    "bought_together": relate_articles,
    "article_features": describe_articles,
}
