"""The customer's own past articles."""

from hm_kedro.parameters import HistoryRetriever
from hm_kedro.pipelines.als_candidates.block import Block, decay
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals


def propose(block: Block, knowledge: Knowledge, params: HistoryRetriever) -> Proposals:
    """Score each own article by the sum over pieces bought of 1 / age^power."""
    weights = decay(block.age_days, params.decay_power) * block.quantities
    return Proposals.of_matrix(block.purchases(weights, knowledge.width))
