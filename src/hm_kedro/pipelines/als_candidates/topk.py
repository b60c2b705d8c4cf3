"""The articles with the highest dot products of factors, through BLAS, for a block of customers at once.

BLAS adds up in an order that depends on the shape of the matrices and on a row's place in them, so the last bits of a
customer's scores would depend on who shares the block. BLAS in single precision therefore only chooses: all that is
within its error of the last place is multiplied again, in double precision, each row by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hm_kedro.pipelines.als_candidates.proposals import Integers, Proposals, rank

if TYPE_CHECKING:
    from hm_kedro.pipelines.als_candidates.proposals import Scores

Places = npt.NDArray[np.intp]
# Columns that are looked at together.
GROUP = 16
# Rows whose scores are in memory at once: 256 rows of 50,000 articles are 50 MB.
BLOCK = 256
# Of a sum in single precision: a bound of the relative error is the number of its terms times this.
ROUNDING = np.finfo(np.float32).eps


def best_articles(
    users: Scores, items: Scores, articles: Integers, top: int, bought: tuple[Integers, Integers] | None = None
) -> Proposals:
    """Find, for each row of users, the articles with the highest dot product of factors.

    Args:
        users: a row of factors each; rows that are not finite get nothing.
        items: a row of factors for each of the articles.
        articles: their numbers, rising.
        top: how many a row gets; ties by article.
        bought: places in users and in items that are not to be proposed, sorted by the first.

    Returns:
        Their scores, computed in double precision and rounded to single.
    """
    if len(users) == 0 or len(items) == 0:
        return Proposals.none()
    longest = np.linalg.norm(items, axis=1).max()
    groups = -(-len(items) // GROUP)
    columns = np.zeros((items.shape[1], groups * GROUP), np.float32)
    columns[:, : len(items)] = items.T
    parts = []
    for start in range(0, len(users), BLOCK):
        block = users[start : start + BLOCK]
        scores = block @ columns
        scores[:, len(items) :] = -np.inf
        if bought is not None:
            first, last = np.searchsorted(bought[0], [start, start + len(block)])
            scores[bought[0][first:last] - start, bought[1][first:last]] = -np.inf
        error = 2 * ROUNDING * users.shape[1] * np.linalg.norm(block, axis=1) * longest
        rows, places = _near_the_top(scores.reshape(len(block), GROUP, groups), top, error)
        exact = np.einsum("ij,ij->i", block[rows], items[places], dtype=np.float64)
        ranked = rank(Proposals(rows.astype(np.int32), articles[places], exact.astype(np.float32)), top)
        parts.append(Proposals(ranked.rows + np.int32(start), ranked.articles, ranked.scores))
    return Proposals(*(np.concatenate(of_parts) for of_parts in zip(*parts, strict=True)))


def _near_the_top(scores: Scores, top: int, error: Scores) -> tuple[Places, Places]:
    """Choose all that may be among the best, given by how much scores may be wrong.

    A column's group is its place modulo the number of groups. As many groups as count have a best that reaches the last
    of the places that count, so the best of groups bound it from below, and a group below the bound has nothing.

    Args:
        scores: rows by places in a group by groups; -inf of what does not count.
        error: by row.

    Returns:
        Rows and columns.
    """
    best = scores.max(axis=1)
    least = np.full(len(best), -np.inf, np.float32)
    if top < best.shape[1]:
        least = -np.partition(-best, top - 1, axis=1)[:, top - 1]
    bound = least - error
    rows, groups = np.nonzero((best >= bound[:, None]) & np.isfinite(best))
    entries, members = np.nonzero((within := scores[rows, :, groups]) >= bound[rows, None])
    finite = np.isfinite(within[entries, members])
    entries, members = entries[finite], members[finite]
    return rows[entries], members * best.shape[1] + groups[entries]
