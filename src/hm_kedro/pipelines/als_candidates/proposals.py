"""What retrievers say: articles with scores for the customers of a block; and their order, the same everywhere.

A row of a block, a score and an article are packed into one unsigned number of 64 bits, whose order is the order that
is meant: by row, then by falling score, then by article. One sort of numbers does what three would.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Integers = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]
Packed = npt.NDArray[np.uint64]

ROW_BITS, SCORE_BITS, ARTICLE_BITS = 11, 32, 21
MOST_ROWS, MOST_ARTICLES = 1 << ROW_BITS, 1 << ARTICLE_BITS


class Proposals(NamedTuple):
    """Articles proposed to customers of a block, in any order; a (row, article) at most once.

    Attributes:
        rows: place of the customer in the block, from 0.
        articles: what is proposed.
        scores: the higher the better, of the retriever's own scale.
    """

    rows: Integers
    articles: Integers
    scores: Scores

    @classmethod
    def none(cls) -> Proposals:
        """Propose nothing."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))

    @classmethod
    def of_matrix(cls, scores: csr_matrix) -> Proposals:
        """Propose what has a positive score in a matrix of customers by articles."""
        rows = np.repeat(np.arange(scores.shape[0], dtype=np.int32), np.diff(scores.indptr))
        kept = scores.data > 0
        return cls(rows[kept], scores.indices[kept].astype(np.int32), scores.data[kept].astype(np.float32))


class Ranked(NamedTuple):
    """Proposals by row and rank."""

    rows: Integers
    articles: Integers
    scores: Scores
    ranks: Integers


def rank(proposals: Proposals, top: int) -> Ranked:
    """Order proposals by row, falling score and article, and keep the first of each row.

    >>> proposals = Proposals(np.int32([0, 0, 0, 1]), np.int32([7, 3, 5, 7]), np.float32([1, 1, 2, -1]))
    >>> ranked = rank(proposals, 2)
    >>> ranked.articles.tolist(), ranked.ranks.tolist(), ranked.scores.tolist()
    ([5, 3, 7], [1, 2, 1], [2.0, 1.0, -1.0])
    """
    packed = np.sort(_pack(proposals))
    rows, articles, scores = _unpack(packed)
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    lengths = np.diff(np.append(first, len(rows)))
    ranks = np.arange(1, len(rows) + 1) - np.repeat(first, lengths)
    kept = ranks <= top
    return Ranked(rows[kept], articles[kept], scores[kept], ranks[kept].astype(np.int32))


def pair_codes(rows: Integers, articles: Integers) -> npt.NDArray[np.int64]:
    """Give each (row, article) one number, in their order."""
    return rows.astype(np.int64) << ARTICLE_BITS | articles.astype(np.int64)


def _pack(proposals: Proposals) -> Packed:
    # Adding 0 makes -0 one with 0.
    bits = (proposals.scores.astype(np.float32) + np.float32(0)).view(np.uint32)
    negative = bits >> np.uint32(31) == 1
    rising = np.where(negative, ~bits, bits | np.uint32(1 << 31))
    falling = (~rising).astype(np.uint64)
    rows, articles = proposals.rows.astype(np.uint64), proposals.articles.astype(np.uint64)
    packed: Packed = rows << np.uint64(SCORE_BITS + ARTICLE_BITS) | falling << np.uint64(ARTICLE_BITS) | articles
    return packed


def _unpack(packed: Packed) -> tuple[Integers, Integers, Scores]:
    rising = ~(packed >> np.uint64(ARTICLE_BITS)).astype(np.uint32)
    positive = rising >> np.uint32(31) == 1
    scores = np.where(positive, rising & np.uint32((1 << 31) - 1), ~rising).view(np.float32)
    rows = (packed >> np.uint64(SCORE_BITS + ARTICLE_BITS)).astype(np.int32)
    return rows, (packed & np.uint64(MOST_ARTICLES - 1)).astype(np.int32), scores
