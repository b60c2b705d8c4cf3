"""A block of customers of one target week, and what each had bought before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from hm_kedro.pipelines.als_candidates.proposals import MOST_ROWS

if TYPE_CHECKING:
    from hm_kedro.pipelines.als_candidates.proposals import Integers, Scores

Weights = npt.NDArray[np.float64]
UNKNOWN_CHANNEL = -1


@dataclass(frozen=True)
class Block:
    """Customers of one target week, with the lines of their histories.

    Attributes:
        week: days from 1970 to the week.
        customers: one a row.
        ages: of the customers, years; NaN where unknown.
        factors: of the customers, a row each; NaN where they have none. None before there are any.
        rows, articles, age_days, quantities: of each line, sorted by row, age and all else: the customer's row, what
            was bought, how many days before the week, how many pieces.
        prices, channels: of each line, the price of a piece, NaN where unknown, and the channel, UNKNOWN_CHANNEL.
    """

    week: int
    customers: Integers
    ages: Scores
    factors: Scores | None
    rows: Integers
    articles: Integers
    age_days: Integers
    quantities: Integers
    prices: Scores
    channels: Integers

    def __len__(self) -> int:
        """Give the number of customers."""
        return len(self.customers)

    def purchases(self, weights: Weights, width: int) -> csr_matrix:
        """Sum up the weights of the lines by customer (row) and article (column of `width`)."""
        return _summed(self.rows, self.articles, weights, (len(self), width))

    def values(self, codes: Integers, weights: Weights, width: int) -> csr_matrix:
        """Sum up the weights of the lines by customer and value of an attribute; articles without one are left out.

        Args:
            codes: by article, the value's number; -1 for none.
        """
        of_line = codes[self.articles]
        known = of_line >= 0
        return _summed(self.rows[known], of_line[known], weights[known], (len(self), width))


def _summed(rows: Integers, columns: Integers, weights: Weights, shape: tuple[int, int]) -> csr_matrix:
    summed = csr_matrix((weights, (rows, columns)), shape=shape)
    summed.sum_duplicates()
    return summed


def decay(age_days: Integers, power: float) -> Weights:
    """Weigh lines by 1 / age^power, so that the last day counts 1.

    >>> decay(np.int32([1, 4]), 0.5).tolist()
    [1.0, 0.5]
    """
    return np.power(age_days.astype(np.float64), -power)


def read_blocks(batch: pa.RecordBatch) -> Iterator[Block]:
    """Cut a batch of `histories` into blocks of one week each, with its factors where it has the column.

    Args:
        batch: one row per (week, customer), as `nodes.gather_histories` gives it.
    """
    weeks = batch.column("week").cast(pa.int32()).to_numpy()
    for week in np.unique(weeks):
        places = np.flatnonzero(weeks == week)
        for start in range(0, len(places), MOST_ROWS):
            yield read_block(int(week), batch.take(pa.array(places[start : start + MOST_ROWS])))


def read_block(week: int, batch: pa.RecordBatch) -> Block:
    """Make a block of a batch of `histories` of one week, as `read_blocks` does."""
    lines = batch.column("lines")
    lengths = np.diff(lines.offsets.to_numpy())
    rows = np.repeat(np.arange(len(lines), dtype=np.int32), lengths)
    flat = lines.flatten()
    articles, age_days, quantities = (
        flat.field(name).to_numpy(zero_copy_only=False) for name in ("article", "age_days", "quantity")
    )
    prices = flat.field("price").cast(pa.float32()).to_numpy(zero_copy_only=False)
    channels = pc.fill_null(flat.field("sales_channel_id").cast(pa.int32()), UNKNOWN_CHANNEL).to_numpy()
    order = np.lexsort((channels, prices, quantities, articles, age_days, rows))
    ages = batch.column("age").cast(pa.float32()).to_numpy(zero_copy_only=False)
    factors = read_factors(batch.column("factors")) if "factors" in batch.schema.names else None
    return Block(
        week,
        batch.column("customer").to_numpy(),
        ages,
        factors,
        rows,
        articles[order],
        age_days[order],
        quantities[order],
        prices[order],
        channels[order],
    )


def read_factors(lists: pa.Array) -> Scores:
    """Make a matrix of lists of equal length, rows of NaN where there is none."""
    known = ~lists.is_null().to_numpy(zero_copy_only=False)
    flat = lists.flatten().to_numpy(zero_copy_only=False)
    width = len(flat) // known.sum() if known.any() else 0
    matrix = np.full((len(lists), width), np.nan, np.float32)
    matrix[known] = flat.reshape(-1, width) if width else 0
    return matrix


def write_factors(matrix: Scores) -> pa.ListArray:
    """Make lists of a matrix's rows, null of those that are not finite throughout."""
    known = np.isfinite(matrix).all(axis=1)
    flat = pa.array(np.ascontiguousarray(matrix[known], dtype=np.float32).ravel())
    offsets = np.concatenate([[0], np.cumsum(known * matrix.shape[1])]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), flat, mask=pa.array(~known))
