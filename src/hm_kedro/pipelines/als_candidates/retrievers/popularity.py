"""How well articles sell: counts, shares, lists; what several retrievers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from hm_kedro.pipelines.als_candidates.proposals import Integers, Proposals, Scores, rank

if TYPE_CHECKING:
    from hm_kedro.pipelines.als_candidates.knowledge import Knowledge

Counts = npt.NDArray[np.float64]
# Articles, rising, and their scores.
Entries = tuple[Integers, Scores]
# By group of customers.
Lists = dict[int, Entries]
# What sold before the last days counts so much less.
EARLIER = 0.25


def summed(knowledge: Knowledge, count: str) -> Counts:
    """Sum up a count of `Sales` over all customers, by article."""
    pieces = np.bincount(knowledge.sales.articles, getattr(knowledge.sales, count), minlength=knowledge.width)
    return pieces.astype(np.float64)


def latest_sales(knowledge: Knowledge) -> Counts:
    """Give by article the pieces sold in the last days, and a quarter of those sold in the weeks before."""
    return summed(knowledge, "lately") + EARLIER * summed(knowledge, "before")


def sold(pieces: Counts) -> Entries:
    """Give the articles that were sold, and how many pieces."""
    articles = np.flatnonzero(pieces > 0).astype(np.int32)
    return articles, pieces[articles].astype(np.float32)


def share(entries: Entries) -> Entries:
    """Give the articles' shares of all pieces."""
    articles, pieces = entries
    total = pieces.sum(dtype=np.float64)
    return articles, (pieces / total if total else pieces).astype(np.float32)


def by_age_group(knowledge: Knowledge, count: str, smoothing: float) -> Lists:
    """Give each age group's shares, drawn towards everybody's as if those had `smoothing` pieces in the group's."""
    everybody = summed(knowledge, count)
    prior = everybody / max(everybody.sum(), 1)
    sales = knowledge.sales
    lists = {}
    for group in np.append(np.unique(sales.groups), np.arange(-1, len(knowledge.age_edges) + 1)):
        own = sales.groups == group
        pieces = np.bincount(sales.articles[own], getattr(sales, count)[own], minlength=knowledge.width)
        lists[int(group)] = sold((pieces + smoothing * prior) / max(pieces.sum() + smoothing, 1))
    return lists


def share_of_value(knowledge: Knowledge, attribute: str, most: int | None = None) -> csr_matrix:
    """Give articles' shares of their value's sales: a row a value, a column an article, of each the best `most`."""
    codes = knowledge.codes[attribute]
    pieces = latest_sales(knowledge)
    kept = np.flatnonzero((codes >= 0) & (pieces > 0))
    count = int(codes.max()) + 1
    totals = np.bincount(codes[kept], pieces[kept], minlength=count)
    rows, columns, shares = codes[kept], kept.astype(np.int32), pieces[kept] / totals[codes[kept]]
    if most is not None:
        best = np.lexsort((columns, -shares, rows))
        rows, columns, shares = rows[best], columns[best], shares[best]
        first = np.arange(len(rows)) - np.searchsorted(rows, rows) < most
        rows, columns, shares = rows[first], columns[first], shares[first]
    return csr_matrix((shares, (rows, columns)), shape=(count, knowledge.width))


def propose_lists(groups: Integers, lists: Lists, top: int) -> Proposals:
    """Propose to each row the best of its group's list; nothing where there is none."""
    parts = []
    for group in np.unique(groups):
        if int(group) not in lists:
            continue
        articles, scores = lists[int(group)]
        best = rank(Proposals(np.zeros(len(articles), np.int32), articles, scores), top)
        rows = np.flatnonzero(groups == group).astype(np.int32)
        parts.append(
            Proposals(
                np.repeat(rows, len(best.articles)), np.tile(best.articles, len(rows)), np.tile(best.scores, len(rows))
            )
        )
    if not parts:
        return Proposals.none()
    return Proposals(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
