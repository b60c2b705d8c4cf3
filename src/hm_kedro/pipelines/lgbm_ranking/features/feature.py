"""What a feature is, and what the families of features work on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hm_kedro.pipelines.lgbm_ranking.values import Numbers, Values, ratio

if TYPE_CHECKING:
    from hm_kedro.pipelines.als_candidates.block import Block
    from hm_kedro.pipelines.als_candidates.proposals import Integers
    from hm_kedro.pipelines.lgbm_ranking.shop import Shop

ONLINE = 2


class Feature(NamedTuple):
    """What a column of the ranker's says.

    Attributes:
        name: of the column.
        unit: of its values; empty for scores and flags.
        meaning: what it says of a candidate.
        source: the tables that it is made of.
        window: the days of the week's history that it looks back on.
        missing: when it is NaN; empty for never.
    """

    name: str
    unit: str
    meaning: str
    source: str
    window: str
    missing: str = ""


class Habits(NamedTuple):
    """What the customers of a block do, a value each."""

    pieces: Numbers
    price: Numbers
    price_spread: Numbers
    online_share: Numbers

    @classmethod
    def of(cls, block: Block) -> Habits:
        """Sum up the lines of a block."""
        priced = ~np.isnan(block.prices)
        count = sum_by_customer(block, block.quantities, priced)
        mean = ratio(sum_by_customer(block, block.quantities * block.prices, priced), count)
        square = ratio(
            sum_by_customer(block, block.quantities * np.square(block.prices - mean[block.rows]), priced), count
        )
        channelled = block.channels >= 0
        online = sum_by_customer(block, block.quantities, block.channels == ONLINE)
        return cls(
            sum_by_customer(block, block.quantities),
            mean,
            np.sqrt(square),
            ratio(online, sum_by_customer(block, block.quantities, channelled)),
        )


def sum_by_customer(block: Block, values: Numbers, lines: Numbers | None = None) -> Numbers:
    """Sum values of lines up by customer, over the lines that a mask says, or all."""
    rows, counted = (block.rows, values) if lines is None else (block.rows[lines], values[lines])
    summed: Numbers = np.bincount(rows, counted.astype(np.float64), len(block))
    return summed


@dataclass(frozen=True)
class Pairs:
    """Candidates of one week, and what is known of their customers and articles.

    Attributes:
        block: the candidates' customers, each once.
        traits: of the block's customers, a row each: what `customers` says of them.
        rows: of each candidate, the customer's row in the block.
        articles: of each candidate.
        proposed: of each candidate, what the table `candidates` has in further columns.
        shop: what is known of the week's articles.
    """

    block: Block
    traits: dict[str, Values]
    rows: Integers
    articles: Integers
    proposed: dict[str, Values]
    shop: Shop

    def __len__(self) -> int:
        """Give the number of candidates."""
        return len(self.rows)

    @cached_property
    def habits(self) -> Habits:
        """What the customers usually do."""
        return Habits.of(self.block)

    def of_customers(self, values: Numbers) -> Values:
        """Give each candidate the value of its customer's row."""
        return values[self.rows].astype(np.float32)
