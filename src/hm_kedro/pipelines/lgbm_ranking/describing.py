"""Describing candidates by their features in batches of Arrow: on every worker the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from hm_kedro.blas import keep_to_one_thread
from hm_kedro.pipelines.als_candidates.block import read_block
from hm_kedro.pipelines.als_candidates.union import COLUMNS
from hm_kedro.pipelines.lgbm_ranking.features import Pairs, describe

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from hm_kedro.parameters import FeatureParameters
    from hm_kedro.pipelines.lgbm_ranking.shop import Shop
    from hm_kedro.pipelines.lgbm_ranking.values import Values

KEYS = ("week", "customer", "article")
PROPOSED = tuple(name for name in COLUMNS if name not in KEYS)
TRAITS = ("customer_club", "customer_news")
# Rows that are described at once: enough to make up for the overhead of a call, few enough to stay small.
BATCH_ROWS = 1 << 16


class Known(NamedTuple):
    """What candidates of one week are described by, each read where it is needed.

    Attributes:
        shop: the week's articles.
        customers: of `serve`, rising by customer.
    """

    shop: Callable[[], Shop]
    customers: Callable[[], pa.Table]


def serve(histories: DataFrame, user_factors: DataFrame, customers: DataFrame) -> pa.Table:
    """Bring what is known of some customers of one week to the driver, whose number the caller bounds.

    Returns:
        One row per customer, rising: `histories`, `factors`, and TRAITS (float, missing where unknown).
    """
    club = (F.col("club_member_status") == "ACTIVE").cast("float").alias("customer_club")
    news = (~F.upper("fashion_news_frequency").isin("NONE")).cast("float").alias("customer_news")
    served = user_factors.select("week", "customer", "factors").join(histories, ["week", "customer"], "right")
    known = served.join(customers.select("customer", club, news), "customer")
    return known.toArrow().sort_by("customer").combine_chunks()


def describer(
    known: dict[int, Known], params: FeatureParameters, affinities: tuple[str, ...]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[tuple[pa.RecordBatch, dict[str, Values]]]]:
    """Make a function that describes batches of `candidates`.

    Args:
        known: by week, in days from 1970; rows of other weeks are an error.

    Returns:
        What gives, for batches with the columns of `candidates` and any others, pieces of them of one week each, and
        their features.
    """

    def describe_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, dict[str, Values]]]:
        keep_to_one_thread()
        for gathered in gather(batches):
            weeks = gathered["week"].cast(pa.int32()).to_numpy()
            for week in np.unique(weeks):
                batch = gathered.filter(pa.array(weeks == week))
                pairs = match(int(week), batch, known[int(week)].shop(), known[int(week)].customers())
                yield batch, describe(pairs, params, affinities)

    return describe_batches


def gather(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Put batches together to some of BATCH_ROWS and more."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= BATCH_ROWS:
            yield _together(waiting)
            waiting = []
    if any(map(len, waiting)):
        yield _together(waiting)


def _together(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def match(week: int, batch: pa.RecordBatch, shop: Shop, served: pa.Table) -> Pairs:
    """Bring candidates together with their customers' histories and the week's articles.

    Args:
        week: days from 1970.
        batch: rows of `candidates`.
        served: see `serve`; every customer of the batch is there.
    """
    asked = batch.column("customer").to_numpy()
    ordered = np.sort(asked)
    customers = ordered[np.diff(ordered, prepend=-1) != 0]
    places = np.searchsorted(served["customer"].to_numpy(), customers)
    known = served.take(pa.array(places)).combine_chunks().to_batches()[0]
    return Pairs(
        read_block(week, known),
        {name: values_of(known, name) for name in TRAITS},
        np.searchsorted(customers, asked).astype(np.int32),
        batch.column("article").to_numpy(),
        {name: values_of(batch, name) for name in PROPOSED},
        shop,
    )


def values_of(batch: pa.RecordBatch, name: str) -> Values:
    """Give a column of numbers as floats, NaN where missing."""
    column = pc.fill_null(batch.column(name).cast(pa.float32()), float("nan"))
    values: Values = column.to_numpy(zero_copy_only=False)
    return values
