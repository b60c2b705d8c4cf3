"""What is known of a judged week's articles before it: what lists are held against beside the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.parameters import ComparisonParameters
from hm_kedro.pipelines.als_candidates.knowledge import read_codes
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.timeline import week_days


@dataclass(frozen=True)
class Catalogue:
    """A week's articles; every array's first axis is the article's number.

    Attributes:
        surprise: bits, -log2 of the article's share of the pieces sold in `sales.trend_days` before the week, each
            article counted one piece more, so that it is finite.
        sold: whether it was sold in those days.
        decile: 1 for those that sold best and together made a tenth of the pieces, to 10; 11 for those not sold.
        head: whether it is among the best sold that together made `comparison.head_share` of the pieces.
        new: whether its first sale was in the last `comparison.new_days` before the week, or is still to come.
        codes: numbers of its values, -1 where it has none; a column an attribute that has several.
    """

    surprise: npt.NDArray[np.float64]
    sold: npt.NDArray[np.bool_]
    decile: npt.NDArray[np.int32]
    head: npt.NDArray[np.bool_]
    new: npt.NDArray[np.bool_]
    codes: npt.NDArray[np.int32]

    def __len__(self) -> int:
        """Give one more than the highest number of an article."""
        return len(self.surprise)


def gather_catalogues(
    weeks: Sequence[date], articles: DataFrame, article_sales: DataFrame, comparison: ComparisonParameters
) -> dict[date, Catalogue]:
    """Bring what is known of the articles of some weeks to the driver: a row an article."""
    described = articles.select("article", "first_day", *ATTRIBUTES).toArrow().sort_by("article").combine_chunks()
    # pieces of all age groups; the counts behind every list of bestsellers
    pieces = (
        article_sales.where(F.col("week").isin(list(weeks)))
        .groupBy("week", "article")
        .agg(F.sum(F.col("lately") + F.col("before")).cast("int").alias("pieces"))
        .toArrow()
    )
    return {week: read_catalogue(week, described, pieces, comparison) for week in weeks}


def read_catalogue(week: date, articles: pa.Table, pieces: pa.Table, comparison: ComparisonParameters) -> Catalogue:
    """Put together what is known of a week's articles.

    Args:
        articles: `article`, rising, `first_day`, of any week, and ATTRIBUTES.
        pieces: `week`, `article`, `pieces`, of any weeks.
    """
    codes = read_codes(articles.drop_columns(["first_day"]))
    width = len(next(iter(codes.values())))
    of_week = pieces.filter(pc.field("week") == pa.scalar(week, pa.date32()))
    sold = np.zeros(width, np.int64)
    sold[of_week["article"].to_numpy()] = of_week["pieces"].to_numpy()
    shares = (sold + 1) / (sold.sum() + width)
    # the share of the pieces that go to better sold articles
    order = np.lexsort((np.arange(width), -sold))
    better = np.empty(width)
    better[order] = (np.cumsum(sold[order]) - sold[order]) / max(sold.sum(), 1)
    first = pc.fill_null(articles["first_day"].cast(pa.int32()), np.iinfo(np.int32).max).to_numpy()
    first_days = np.full(width, np.iinfo(np.int32).max)
    first_days[articles["article"].to_numpy()] = first
    new_from = week_days(week) - comparison.new_days
    telling = [of for of in codes.values() if of.max(initial=-1) > 0]
    return Catalogue(
        -np.log2(shares),
        sold > 0,
        np.where(sold > 0, 1 + np.minimum(np.floor(10 * better), 9), 11).astype(np.int32),
        (sold > 0) & (better < comparison.head_share),
        first_days >= new_from,
        np.stack(telling, axis=1) if telling else np.empty((width, 0), np.int32),
    )


def share_catalogues(catalogues: dict[date, Catalogue]) -> dict[int, Callable[[], Any]]:
    """Carry catalogues to the workers, by days from 1970 to their week."""
    return {week_days(week): engine.share(catalogue) for week, catalogue in catalogues.items()}
