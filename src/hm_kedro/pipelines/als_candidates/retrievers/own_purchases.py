"""The customer's own past articles."""

from hm_kedro.parameters import OwnPurchasesRetriever
from hm_kedro.pipelines.als_candidates.block import Block, decay
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers.popularity import latest_sales


def propose(block: Block, knowledge: Knowledge, params: OwnPurchasesRetriever) -> Proposals:
    """Score each own article by the sum over pieces bought of 1 / age^power, times (1 + its latest sales)^power.

    How well it sells tells whether it still can be bought again, and whether it is of what is bought again at all.
    """
    power = params.popularity_power
    popularity = knowledge.once(("popularity", power), lambda: (1 + latest_sales(knowledge)) ** power)
    weights = decay(block.age_days, params.decay_power) * block.quantities
    return Proposals.of_matrix(block.purchases(weights * popularity[block.articles], knowledge.width))
