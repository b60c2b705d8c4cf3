"""The union of what the retrievers propose to a block of customers, its one order and its budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hm_kedro.blas import keep_to_one_thread
from hm_kedro.pipelines.als_candidates.block import Block, read_blocks
from hm_kedro.pipelines.als_candidates.proposals import (
    ARTICLE_BITS,
    MOST_ARTICLES,
    Proposals,
    Ranked,
    pair_codes,
    rank,
)
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.tables import LIST_LENGTH

if TYPE_CHECKING:
    from hm_kedro.parameters import RetrievalParameters
    from hm_kedro.pipelines.als_candidates.knowledge import Knowledge

PROPOSED = {"score": pa.float32(), "rank": pa.int32()}
COLUMNS = {
    "week": pa.date32(),
    "customer": pa.int32(),
    "article": pa.int32(),
    "blend_score": pa.float32(),
    "blend_rank": pa.int32(),
    **{f"{name}_{value}": kind for name in RETRIEVERS for value, kind in PROPOSED.items()},
}
SQL = {pa.date32(): "date", pa.int32(): "int", pa.float32(): "float"}
SCHEMA = ", ".join(f"{name} {SQL[kind]}" for name, kind in COLUMNS.items())


def unable(knowledge: Knowledge, params: RetrievalParameters) -> dict[str, tuple[str, ...]]:
    """Name the retrievers that are switched on and for which the log lacks all that they could go by, and that."""
    needs = {name: _needs(name, params) for name in RETRIEVERS if params.of(name).top}
    return {name: any_of for name, any_of in needs.items() if any_of and not any(map(knowledge.has, any_of))}


def _needs(name: str, params: RetrievalParameters) -> tuple[str, ...]:
    if name == "attribute_profile":
        return params.attribute_profile.attributes
    return (RETRIEVERS[name].needs,) if RETRIEVERS[name].needs else ()


def propose(block: Block, knowledge: Knowledge, params: RetrievalParameters) -> dict[str, Ranked]:
    """Ask every retriever that is switched on, and rank what it proposes."""
    idle = unable(knowledge, params)
    ranked = {}
    for name, retriever in RETRIEVERS.items():
        group = params.of(name)
        proposed = retriever.propose(block, knowledge, group) if group.top and name not in idle else Proposals.none()
        ranked[name] = rank(proposed, group.top)
    return ranked


def unite(block: Block, proposed: dict[str, Ranked], params: RetrievalParameters) -> pa.RecordBatch:
    """Unite the retrievers' proposals and keep each customer's best.

    Their one order is that of `blend_score`, the sum over retrievers of their score times their weight. ALS's first
    twelve are kept in any case: they are what ALS recommends by itself, and are judged as that.

    Returns:
        One row per (customer, article): `COLUMNS`, by customer and `blend_rank`; null where a retriever did not
        propose it.
    """
    every = np.sort(np.concatenate([pair_codes(ranked.rows, ranked.articles) for ranked in proposed.values()]))
    codes = every[np.diff(every, prepend=-1) != 0]
    places = {name: np.searchsorted(codes, pair_codes(of.rows, of.articles)) for name, of in proposed.items()}
    blend = np.zeros(len(codes))
    for name, ranked in proposed.items():
        blend[places[name]] += params.of(name).weight * ranked.scores.astype(np.float64)
    rows, articles = (codes >> ARTICLE_BITS).astype(np.int32), (codes & (MOST_ARTICLES - 1)).astype(np.int32)
    worth = blend.astype(np.float32)
    worth[places["als"][proposed["als"].ranks <= LIST_LENGTH]] = np.inf
    kept = rank(Proposals(rows, articles, worth), params.budget)
    scores = blend[np.searchsorted(codes, pair_codes(kept.rows, kept.articles))].astype(np.float32)
    best = rank(Proposals(kept.rows, kept.articles, scores), params.budget)
    chosen = np.searchsorted(codes, pair_codes(best.rows, best.articles))
    arrays = {
        "week": pa.array(np.full(len(chosen), block.week, np.int32)).cast(pa.date32()),
        "customer": pa.array(block.customers[best.rows]),
        "article": pa.array(best.articles),
        "blend_score": pa.array(best.scores),
        "blend_rank": pa.array(best.ranks),
    }
    for name, ranked in proposed.items():
        missing = np.ones(len(codes), bool)
        missing[places[name]] = False
        for value, column in (("score", ranked.scores), ("rank", ranked.ranks)):
            spread = np.zeros(len(codes), column.dtype)
            spread[places[name]] = column
            arrays[f"{name}_{value}"] = pa.array(spread[chosen], mask=missing[chosen])
    return pa.RecordBatch.from_pydict(arrays, schema=pa.schema(list(COLUMNS.items())))


def retriever_of_batches(
    knowledge: dict[int, Callable[[], Knowledge]], params: RetrievalParameters
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make the function that workers run over batches of `histories` with factors.

    Args:
        knowledge: what gives that of a week, by days from 1970.
    """

    def retrieve(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keep_to_one_thread()
        for batch in batches:
            for block in read_blocks(batch):
                yield unite(block, propose(block, knowledge[block.week](), params), params)

    return retrieve
