"""What sold in the last days in the section of the shop where the customer buys most."""

import numpy as np

from hm_kedro.parameters import HistoryRetriever
from hm_kedro.pipelines.als_candidates.block import Block, decay
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers.popularity import (
    Lists,
    propose_lists,
    share,
    sold,
    summed,
)

NO_SECTION = -1


def propose(block: Block, knowledge: Knowledge, params: HistoryRetriever) -> Proposals:
    """Score an article by its share of the pieces sold in the customer's main section."""
    codes = knowledge.codes["section"]
    best = knowledge.once("section bestsellers", lambda: _by_section(knowledge))
    weights = decay(block.age_days, params.decay_power) * block.quantities
    shares = block.values(codes, weights, int(codes.max()) + 1)
    main = np.asarray(shares.argmax(axis=1)).ravel().astype(np.int32)
    main[shares.getnnz(axis=1) == 0] = NO_SECTION
    return propose_lists(main, best, params.top)


def _by_section(knowledge: Knowledge) -> Lists:
    articles, pieces = sold(summed(knowledge, "lately"))
    sections = knowledge.codes["section"][articles]
    return {
        int(section): share((articles[sections == section], pieces[sections == section]))
        for section in np.unique(sections[sections >= 0])
    }
