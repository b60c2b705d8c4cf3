"""Articles on sale whose factors fit the customer's best."""

import numpy as np

from hm_kedro.parameters import AlsRetriever
from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.topk import best_articles


def propose(block: Block, knowledge: Knowledge, params: AlsRetriever) -> Proposals:
    """Score the articles on sale by the dot product of factors; already bought ones are kept, if so asked."""
    if block.factors is None or block.factors.shape[1] != knowledge.factors.shape[1]:
        return Proposals.none()
    bought = None
    if not params.already_bought:
        places = np.searchsorted(knowledge.items, block.articles).clip(max=len(knowledge.items) - 1)
        on_sale = knowledge.items[places] == block.articles
        bought = block.rows[on_sale], places[on_sale].astype(np.int32)
    return best_articles(block.factors, knowledge.factors, knowledge.items, params.top, bought)
