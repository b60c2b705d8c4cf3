"""Articles that were bought by the customers who bought the customer's own latest articles."""

from hm_kedro.parameters import HistoryRetriever
from hm_kedro.pipelines.als_candidates.block import Block, decay
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals


def propose(block: Block, knowledge: Knowledge, params: HistoryRetriever) -> Proposals:
    """Score an article by its similarity to the own articles, summed up over them with 1 / age^power."""
    weights = decay(block.age_days, params.decay_power)
    return Proposals.of_matrix(block.purchases(weights, knowledge.width) @ knowledge.related)
