"""What sells better than it did."""

import numpy as np

from hm_kedro.parameters import Retriever
from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers.popularity import Lists, propose_lists, summed


def propose(block: Block, knowledge: Knowledge, params: Retriever) -> Proposals:
    """Score an article by how far its last days' sales exceed those expected from the days before.

    The excess is in standard deviations of a count (Poisson) of one more than what was expected.
    """
    best = knowledge.once("trending", lambda: _excess(knowledge))
    return propose_lists(np.zeros(len(block), np.int32), best, params.top)


def _excess(knowledge: Knowledge) -> Lists:
    lately = summed(knowledge, "lately")
    expected = knowledge.expected * summed(knowledge, "before")
    excess = (lately - expected) / np.sqrt(expected + 1)
    articles = np.flatnonzero(excess > 0).astype(np.int32)
    return {0: (articles, excess[articles].astype(np.float32))}
