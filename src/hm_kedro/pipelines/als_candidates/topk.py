"""The best articles of every customer by the dot product of factors, through BLAS in Arrow batches.

BLAS adds up in an order that depends on the shape of the matrices and on a row's place in them, so in
single precision a customer's scores would depend, in the last bit, on who shares the batch. Factors are
therefore rounded to multiples of 2^-20 and multiplied in double precision, where sums of such products are
exact in any order (as long as factors stay below some 4, past which only a last bit can differ).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Matrix = npt.NDArray[np.float64]
Keys = npt.NDArray[np.int32]

SCHEMA = pa.schema(
    [
        ("week", pa.date32()),
        ("customer", pa.int32()),
        ("article", pa.int32()),
        ("score", pa.float32()),
        ("rank", pa.int32()),
    ]
)
# Customers whose scores are in memory at once: 256 rows of 50,000 articles are 100 MB.
BLOCK = 256
FRACTION = 2**20


def best_articles(user_factors: DataFrame, item_factors: DataFrame, top: int) -> DataFrame:
    """Find each customer's articles with the highest dot product of factors.

    Args:
        user_factors: one row per (week, customer) with `factors`.
        item_factors: one row per (week, article) with `factors`; collected, it is an article's table.
        top: how many articles a customer gets, fewer where a week has fewer.

    Returns:
        One row per (week, customer, article): `score` float, `rank` int from 1; ties by article.
    """
    catalogue = _by_week(item_factors.select("week", "article", "factors").toArrow())
    columns = user_factors.select("week", "customer", "factors")
    return columns.mapInArrow(_scorer(catalogue, top), "week date, customer int, article int, score float, rank int")


def top_k(scores: npt.NDArray[np.floating], top: int) -> npt.NDArray[np.intp]:
    """Give the columns of the `top` highest scores of each row, best first; ties by the lower column.

    >>> top_k(np.array([[1.0, 3.0, 2.0, 3.0]]), 3).tolist()
    [[1, 3, 2]]
    """
    width = scores.shape[1]
    if top >= width:
        return np.argsort(-scores, axis=1, kind="stable")[:, :top]
    chosen = np.sort(np.argpartition(-scores, top - 1, axis=1)[:, :top], axis=1)
    kept = np.take_along_axis(scores, chosen, axis=1)
    # Where the last place is a tie, partition picks any of the tied: pick the lowest columns instead.
    worst = kept.min(axis=1, keepdims=True)
    for row in np.flatnonzero((scores >= worst).sum(axis=1) > top):
        chosen[row] = np.sort(np.argsort(-scores[row], kind="stable")[:top])
        kept[row] = scores[row, chosen[row]]
    order = np.argsort(-kept, axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1)


def _matrix(lists: pa.Array) -> Matrix:
    flat = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    matrix: Matrix = np.round(flat.reshape(len(lists), -1) * FRACTION) / FRACTION
    return matrix


def _by_week(table: pa.Table) -> dict[int, tuple[Keys, Matrix]]:
    """Part the articles' factors by week (days since 1970), in the order of the articles."""
    if table.num_rows == 0:
        return {}
    ordered = table.sort_by([("week", "ascending"), ("article", "ascending")]).combine_chunks()
    weeks = ordered["week"].cast(pa.int32()).to_numpy()
    articles = ordered["article"].to_numpy()
    factors = _matrix(ordered["factors"].chunk(0))
    return {int(week): (articles[weeks == week], factors[weeks == week]) for week in np.unique(weeks)}


def _scorer(
    catalogue: dict[int, tuple[Keys, Matrix]], top: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):
            for batch in batches:
                if batch.num_rows == 0:
                    continue
                weeks = batch.column("week").cast(pa.int32()).to_numpy()
                customers = batch.column("customer").to_numpy()
                factors = _matrix(batch.column("factors"))
                for week in np.unique(weeks):
                    if int(week) not in catalogue:
                        continue
                    rows = np.flatnonzero(weeks == week)
                    for start in range(0, len(rows), BLOCK):
                        block = rows[start : start + BLOCK]
                        yield _score_block(int(week), customers[block], factors[block], catalogue[int(week)], top)

    return score


def _score_block(week: int, customers: Keys, factors: Matrix, items: tuple[Keys, Matrix], top: int) -> pa.RecordBatch:
    articles, item_factors = items
    # Ranked as they are saved, so that scores that are equal in the table are in the order of the articles.
    scores = (factors @ item_factors.T).astype(np.float32)
    best = top_k(scores, top)
    count = best.shape[1]
    arrays = [
        pa.array(np.full(best.size, week, dtype=np.int32)).cast(pa.date32()),
        pa.array(np.repeat(customers, count)),
        pa.array(articles[best].ravel()),
        pa.array(np.take_along_axis(scores, best, axis=1).ravel()),
        pa.array(np.tile(np.arange(1, count + 1, dtype=np.int32), len(customers))),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
