"""The purchases of a block of customers, visit after visit, and what was likeliest in the last week."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hm_kedro.pipelines.synthetic_data.articles import H_AND_M_ARTICLES, Ints
from hm_kedro.pipelines.synthetic_data.calendar import LAST_WEEK, WEEKS
from hm_kedro.pipelines.synthetic_data.choices import Minds, Round, choose, spread_out
from hm_kedro.pipelines.synthetic_data.customers import (
    H_AND_M_BUYERS,
    H_AND_M_CUSTOMERS,
    PURCHASES,
    block_bounds,
    draw_customers,
)
from hm_kedro.pipelines.synthetic_data.shop import Shop, open_shop
from hm_kedro.pipelines.synthetic_data.truth import LENGTH, know_week, likeliest
from hm_kedro.pipelines.synthetic_data.visits import Visits, draw_visits

if TYPE_CHECKING:
    from hm_kedro.parameters import SyntheticParameters

H_AND_M_TRANSACTIONS = 31_788_324
LINES = pa.schema(
    [
        ("week", pa.int16()),
        ("day", pa.int16()),
        ("customer", pa.int32()),
        ("article", pa.int32()),
        ("cents", pa.int32()),
        ("channel", pa.int8()),
    ]
)
TRUTH = pa.schema(
    [
        ("customer", pa.int32()),
        ("rank", pa.int32()),
        ("article", pa.int32()),
        ("probability", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Size:
    """How large a log of some scale is."""

    customers: int
    buyers: int
    transactions: int
    articles: int

    @classmethod
    def of(cls, scale: float, article_power: float) -> Size:
        """Count by H&M's counts."""
        return cls(
            customers=round(H_AND_M_CUSTOMERS * scale),
            buyers=round(H_AND_M_BUYERS * scale),
            transactions=round(H_AND_M_TRANSACTIONS * scale),
            articles=round(H_AND_M_ARTICLES * min(scale, 1) ** article_power),
        )


@lru_cache(maxsize=1)
def shop_of(scale: float, params: SyntheticParameters) -> Shop:
    """Open the shop once a process."""
    return open_shop(params, Size.of(scale, params.article_power).articles)


def shares_of_blocks(bounds: Ints, customers: int, whole: int) -> Ints:
    """Divide a whole number among the blocks by their customers, with nothing lost."""
    edges: Ints = np.round(bounds * (whole / customers)).astype(np.int64)
    return edges[1:] - edges[:-1]


def buy(scale: float, params: SyntheticParameters, block: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Let a block of customers shop from the first day to the last.

    Returns:
        The lines that they bought, `LINES`, ordered by day, customer and article; and the twelve likeliest
        articles of the first visit in the last week of some of them, `TRUTH`.
    """
    size, shop = Size.of(scale, params.article_power), shop_of(scale, params)
    bounds = block_bounds(size.customers)
    count = int(bounds[block + 1] - bounds[block])
    buyers = int(shares_of_blocks(bounds, size.customers, size.buyers)[block])
    transactions = int(shares_of_blocks(bounds, size.customers, size.transactions)[block])
    quota = int(shares_of_blocks(bounds, size.customers, min(params.ceiling_buyers, size.buyers))[block])

    customers = draw_customers(params.seed, block, count, buyers)
    visits = draw_visits(params.seed, block, customers, transactions, params.visits)
    rng = np.random.default_rng([params.seed, PURCHASES, block])
    article, truth = walk(Minds(rng, shop, customers, params.choices), visits, quota)

    visit, _ = spread_out(visits.choices)
    member = rng.random(len(visits.day)) < 0.12
    day = visits.day[visit]
    late = (day - shop.assortment.launch[article]) / shop.assortment.life[article] > params.articles.late
    cents = np.where(late, shop.assortment.late_cents[article], shop.assortment.cents[article])
    cents = np.where(member[visit], cents * 9 // 10, cents)
    order = np.lexsort((article, visits.customer[visit], day))
    order = np.repeat(order, visits.quantity[order])
    first = int(bounds[block])
    lines = record_batch(
        LINES,
        (day[order] + 1) // 7,
        day[order],
        visits.customer[visit][order] + first,
        article[order],
        cents[order],
        visits.online[visit][order] + 1,
    )
    customer, articles, chances = truth
    rank = np.tile(np.arange(1, LENGTH + 1), len(customer))
    likely = record_batch(TRUTH, np.repeat(customer + first, LENGTH), rank, articles.ravel(), chances.ravel())
    return lines, likely


def record_batch(schema: pa.Schema, *columns: np.ndarray) -> pa.RecordBatch:
    """Put columns into a schema."""
    arrays = [pa.array(column, field.type) for field, column in zip(schema, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def by_week(lines: pa.RecordBatch) -> list[pa.RecordBatch]:
    """Cut lines that are ordered by day into a batch a week."""
    edges = np.searchsorted(lines.column("week").to_numpy(), np.arange(WEEKS + 1))
    return [lines.slice(begin, end - begin) for begin, end in pairwise(edges.tolist()) if end > begin]


def walk(minds: Minds, visits: Visits, quota: int) -> tuple[Ints, tuple[Ints, Ints, np.ndarray]]:
    """Choose the articles of all visits: every customer's first at once, then every one's second, and so on.

    Returns:
        The article of each choice, ordered as the visits; and of up to `quota` customers' first visits in the last
        week the customer, the twelve likeliest articles and their probabilities.
    """
    params = minds.params
    week = (visits.day + 1) // 7
    nth = spread_out(np.bincount(visits.customer, minlength=len(minds.looked)))[1]
    order = np.argsort(nth, kind="stable")
    rounds = np.searchsorted(nth[order], np.arange(nth.max() + 2))
    start = np.cumsum(visits.choices) - visits.choices
    last = np.flatnonzero(week == LAST_WEEK)
    judged = np.zeros(len(week), dtype=bool)
    judged[last[np.unique(visits.customer[last], return_index=True)[1]][:quota]] = True
    later_share = float(np.mean(1 - 1 / visits.choices[last])) if len(last) else 0.0
    truth = know_week(minds.shop, LAST_WEEK, params.same, params.other_colour)

    article = np.empty(int(visits.choices.sum()), dtype=np.int64)
    known: list[tuple[Ints, Ints, np.ndarray]] = []
    for begin, end in pairwise(rounds):
        rows = order[begin:end]
        now = Round(visits.customer[rows], visits.day[rows], week[rows], visits.choices[rows])
        minds.look_around(now.who, now.week)
        asked = judged[rows]
        if asked.any():
            who, day = now.who[asked], now.day[asked]
            known.append((who, *likeliest(truth, minds, who, day, later_share)))
        visit, nth_choice = spread_out(now.choices)
        article[start[rows[visit]] + nth_choice] = choose(minds, now)
    if not known:
        return article, (np.empty(0, dtype=np.int64), np.empty((0, LENGTH), dtype=np.int64), np.empty((0, LENGTH)))
    who, articles, chances = (np.concatenate(part) for part in zip(*known, strict=True))
    by_customer = np.argsort(who)
    return article, (who[by_customer], articles[by_customer], chances[by_customer])
